"""Features of roles are decoded together by entity type, and parted again."""

import tensorflow as tf

from relation.spec import pairs, triplets
from trainer_module.data.decode_roles import decode_roles


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
