"""Any value is a category: with line breaks, empty, not UTF-8, very long."""

import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relation.schema import Feature, FeatureKind
from tests.relations import compiled
from tests.trainer_module.transformed import transform
from trainer_module.preprocessing.transform import vocabularies
from trainer_module.preprocessing.vocabulary import as_lines
from trainer_module.request import PreprocessingRequest

VALUES = [
    *(b"new\nline", b"new\\nline", b"new\x1bnline", b"\n", b"\r", b"\r\n", b"", b"\x1b", b"\x1b0"),
    *(b"\xff", b"\xff\n", b"\xff\r", b"\0", b" ", b"  ", b"\t", b" x", b"x ", b"x"),
    *("ä\u2028\x85".encode(), b"y" * 2**20, b"y" * 2**20 + b"\n"),
]
COLOUR = Feature(name="colour", kind=FeatureKind.CATEGORICAL, dtype="bytes", width=2)
REQUEST = PreprocessingRequest(
    compiled=compiled(
        {"item": "id"}, {"type": "pairs", "source": {"type": "same_label", "feature": "kind"}}
    ),
    features={"item": (COLOUR,)},
)


@pytest.fixture(scope="module")
def transformed(tmp_path_factory):
    names = ("left_colour", "right_colour")
    spec = dict.fromkeys(names, tf.io.VarLenFeature(tf.string))
    spec["relation"] = tf.io.VarLenFeature(tf.float32)
    rows = [{"left_colour": [value]} for value in [*VALUES, b"x"]]
    asked = [*VALUES, b"unseen", b"un\nseen"]
    pairs = [
        {"left_colour": [value], "right_colour": [value, b"x"], "relation": [1.0]}
        for value in asked
    ]
    pairs.append({"left_colour": [], "right_colour": [b""], "relation": [1.0]})
    folder = tmp_path_factory.mktemp("transform")
    result, output = transform(REQUEST, spec, rows, folder, pairs)
    return dict(zip([*asked, None], result, strict=True)), output


def test_every_value_has_an_index_of_its_own(transformed):
    rows, output = transformed
    indices = [rows[value]["left_colour"].tolist()[0] for value in VALUES]
    assert rows[b"x"]["left_colour"].tolist() == [1, 0]  # The most frequent one.
    assert sorted(indices) == list(range(1, len(VALUES) + 1))
    size = vocabularies(output, {"item": (COLOUR,)})["item"]["colour"].size
    assert size == len(VALUES) + 1
    for value in VALUES:
        assert rows[value]["right_colour"].tolist() == [rows[value]["left_colour"][0], 1]


def test_a_missing_value_is_not_an_empty_one(transformed):
    rows, _ = transformed
    assert rows[None]["left_colour"].tolist() == [0, 0]
    assert rows[None]["right_colour"].tolist() == [rows[b""]["left_colour"][0], 0]
    assert rows[b"unseen"]["left_colour"].tolist() == [0, 0]
    assert rows[b"un\nseen"]["left_colour"].tolist() == [0, 0]


def test_ordinary_values_stay_as_they_are(transformed):
    _, output = transformed
    lines = output.vocabulary_by_name("item_colour")
    assert len(lines) == len(VALUES)
    ordinary = {v for v in VALUES if v and not {*v} & {*b"\n\r\x1b"}}
    assert ordinary == ordinary & set(lines)
    assert len(ordinary) == 11


@settings(deadline=None)
@given(st.lists(st.binary(max_size=6) | st.text("\n\r\x1bern0", max_size=6).map(str.encode)))
@example([b"\x1be", b"\x1b", b"\n", b"\x1bn", b"", b"\x1b0", b"0"])
def test_lines_are_lines_and_tell_values_apart(values):
    lines = as_lines(tf.constant(values, tf.string, [len(values)])).numpy().tolist()
    assert len(set(lines)) == len(set(values))
    assert all(line and not {*line} & {*b"\n\r"} for line in lines)
