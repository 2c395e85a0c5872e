"""Features of roles are decoded together by entity type, and parted again."""

import pytest
import tensorflow as tf

from relation.schema import Feature, FeatureKind
from relation.spec import pairs, triplets
from trainer_module.data.decode_roles import decode_roles, without_padding


def test_roles_of_a_type_are_decoded_in_one_call_and_parted_again():
    calls = []

    def doubled(features):
        calls.append({name: value.numpy().tolist() for name, value in features.items()})
        return {"y": 2 * features["x"], "z": features["x"] + 1}

    transformed = {
        "anchor_x": tf.constant([[1], [2]]),
        "positive_x": tf.constant([[3], [4]]),
        "negative_x": tf.constant([[5], [6]]),
        "anchor_more": tf.constant([[0], [0]]),
    }
    decoded = decode_roles(
        triplets("item", "item"),
        {"item": doubled},
        {"item": ("x",)},
        transformed,
        ("anchor", "negative"),
    )
    assert calls == [{"x": [[1], [2], [5], [6]]}]
    assert {name: value.numpy().tolist() for name, value in decoded.items()} == {
        "anchor_y": [[2], [4]],
        "negative_y": [[10], [12]],
        "anchor_z": [[2], [3]],
        "negative_z": [[6], [7]],
    }


def test_a_type_without_a_chosen_role_is_not_decoded_and_others_go_on():
    decoders = {"user": lambda features: 1 / 0, "item": lambda features: dict(features)}
    transformed = {"right_x": tf.constant([[1]])}
    names = {"user": ("x",), "item": ("x",)}
    decoded = decode_roles(pairs("user", "item"), decoders, names, transformed, ("right",))
    assert {name: value.numpy().tolist() for name, value in decoded.items()} == {"right_x": [[1]]}


TEXT = Feature(name="title", kind=FeatureKind.TEXT, dtype="bytes", width=1)
CODES = Feature(name="codes", kind=FeatureKind.CATEGORICAL, dtype="int", width=20)


@pytest.mark.parametrize(
    ("lengths", "padded", "expected"),
    [
        ([3, 0], 64, 8),
        ([0, 0], 64, 8),
        ([8, 1], 64, 8),
        ([9, 1], 64, 16),
        ([64, 2], 64, 64),
        ([3, 1], 5, 5),
        ([], 64, 8),
    ],
)
def test_texts_keep_their_words_and_lose_the_padding_of_all(lengths, padded, expected):
    decode = without_padding(dict, [TEXT, CODES])
    words = tf.sequence_mask(lengths, padded, tf.int64) * tf.range(1, padded + 1, dtype=tf.int64)
    codes = tf.zeros([len(lengths), 20], tf.int64)
    decoded = decode({"title": words, "codes": codes})
    assert decoded["title"].shape == (len(lengths), expected)
    assert decoded["title"].numpy().tolist() == words[:, :expected].numpy().tolist()
    assert int(tf.math.count_nonzero(decoded["title"])) == sum(lengths)
    assert decoded["codes"].shape == codes.shape


def test_a_decoder_without_texts_is_as_it_was():
    assert without_padding(dict, [CODES]) is dict
