import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.rows.example_decoder import ExampleDecoder, NotAnExample, read_decoded
from relation.core.errors import DataError

TYPES = {"b": schema_pb2.BYTES, "i": schema_pb2.INT, "f": schema_pb2.FLOAT}
KINDS = {"b": "bytes_list", "i": "int64_list", "f": "float_list"}
SCHEMA = schema_pb2.Schema(
    feature=[schema_pb2.Feature(name=name, type=type_) for name, type_ in TYPES.items()]
)


def decoder() -> ExampleDecoder:
    return ExampleDecoder(SCHEMA.SerializeToString())


def row(**features):
    """A serialized row of {name: (kind, values)}; values None: a feature of no kind."""
    example = tf.train.Example()
    for name, (kind, values) in features.items():
        feature = example.features.feature[name]
        if values is not None:
            getattr(feature, KINDS[kind]).value.extend(values)
    return example.SerializeToString()


def values(decoded, name):
    return [held or [] for held in decoded.batch.column(name).to_pylist()]


VALUES = {
    "b": st.lists(st.binary(max_size=3), min_size=1, max_size=2),
    "i": st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=2),
    "f": st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=2),
}
FEATURE = st.sampled_from("bif").flatmap(
    lambda kind: st.tuples(st.just(kind), st.none() | VALUES[kind])
)
ROW = st.dictionaries(st.sampled_from(["b", "i", "f", "other"]), FEATURE)


@settings(deadline=None)
@given(st.lists(ROW, max_size=6))
def test_well_typed_features_are_those_that_protobuf_gives(rows):
    decoded = decoder()([row(**features) for features in rows])
    wrong = [
        any(held and name in TYPES and kind != name for name, (kind, held) in features.items())
        for features in rows
    ]
    assert decoded.ill_typed == np.flatnonzero(wrong).tolist()
    for name in TYPES:
        assert values(decoded, name) == [
            held if kind == name and held else []
            for kind, held in (features.get(name, ("", None)) for features in rows)
        ]


def test_an_ill_typed_row_keeps_its_other_features():
    decode = decoder()
    good, bad = row(b=("b", [b"x"]), i=("i", [1])), row(b=("i", [7]), i=("i", [2, 3]))
    decoded = decode([good, bad, good])
    assert decoded.ill_typed == [1]
    assert values(decoded, "b") == [[b"x"], [], [b"x"]]
    assert values(decoded, "i") == [[1], [2, 3], [1]]
    assert decode([good]).batch.equals(decoder()([good]).batch)  # Nothing is left of the failure.


def test_no_rows():
    decoded = decoder()([])
    assert (decoded.batch.num_rows, decoded.ill_typed) == (0, [])


@pytest.mark.parametrize("around", [[], [row(b=("i", [1]))]])
def test_a_record_of_another_kind_is_refused_with_its_file(tmp_path, around):
    records = [*around, b"not a tf.Example"]
    with pytest.raises(NotAnExample):
        decoder()(records)
    path = str(tmp_path / "a")
    with tf.io.TFRecordWriter(path) as writer:
        for record in records:
            writer.write(record)
    with pytest.raises(DataError, match=f"^{path}: holds a record that is not a tf.Example$"):
        list(read_decoded(path, decoder()))


def test_a_file_is_read_in_batches_beside_their_records(tmp_path):
    path, rows = str(tmp_path / "a"), [row(i=("i", [n])) for n in range(600)]
    with tf.io.TFRecordWriter(path) as writer:
        for record in rows:
            writer.write(record)
    batches = list(read_decoded(path, decoder()))
    assert [record for records, _ in batches for record in records] == rows
    assert [held for _, decoded in batches for held in values(decoded, "i")] == [
        [n] for n in range(600)
    ]
