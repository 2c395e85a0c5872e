import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from components.relation_gen import wire
from tests.relation_gen.helpers import row

FEATURES = st.dictionaries(
    st.text(max_size=200),
    st.one_of(
        st.lists(st.binary(max_size=300), max_size=3),
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40),
        st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=40),
    ),
    max_size=5,
)


@given(FEATURES)
def test_an_example_is_taken_apart_as_protobuf_does(values):
    record = row(**values)
    expected = {
        name.encode(): feature.SerializeToString(deterministic=True)
        for name, feature in tf.train.Example.FromString(record).features.feature.items()
    }
    assert wire.features_of(record) == expected


@given(st.integers(0, 2**40))
def test_varint(value):
    assert wire._read_varint(wire.varint(value) + b"x", 0) == (value, len(wire.varint(value)))


def test_unusual_forms_are_read_too():
    # Entries spread over two Features messages, and an unknown field.
    record = row(a=1) + row(b=[b"x"]) + b"\x78\x01"
    assert set(wire.features_of(record)) == {b"a", b"b"}
    assert wire.features_of(b"") == {}


def test_garbage_is_refused():
    with pytest.raises(DecodeError):
        wire.features_of(b"no example at all")


def test_payload_does_not_depend_on_the_order_of_features():
    one, other = row(a=1, b=b"x" * 500, z=2.0), row(z=2.0, b=b"x" * 500, a=1)
    entries = row(z=2.0)[2:] + row(b=b"x" * 500)[3:] + row(a=1)[2:]
    shuffled = b"\x0a" + wire.varint(len(entries)) + entries
    names = [b"a", b"b", b"c"]
    assert wire.payload(one, names) == wire.payload(other, names) == wire.payload(shuffled, names)
    values = list(wire.payload_values(wire.payload(one, names)))
    assert values[2] is None
    assert tf.train.Feature.FromString(values[1]).bytes_list.value[0] == b"x" * 500


@pytest.mark.parametrize("key", [b"", b"\x00", b"a\nb", "😀".encode(), b"\xff\xfe", b"x" * 70_000])
def test_an_assembled_tuple_is_the_message_built_by_hand(key: bytes):
    names = ["key", "missing", "x"]
    encoded = [name.encode() for name in names]
    left, right = (wire.Rekey(role, names, "key") for role in ("left", "right"))
    one = wire.payload(row(key=key, x=[1.5, -2.0], other=b"no feature of the schema"), encoded)
    two = wire.payload(row(key=b"two", x=[float(n) for n in range(100)]), encoded)
    made = wire.example(left(one), right(two), wire.float_entry("relation", 1.0))

    expected = tf.train.Example()
    feature = expected.features.feature
    for name in ("left_key", "left_id"):
        feature[name].bytes_list.value.append(key)
    for name in ("right_key", "right_id"):
        feature[name].bytes_list.value.append(b"two")
    feature["left_x"].float_list.value.extend([1.5, -2.0])
    feature["right_x"].float_list.value.extend(np.arange(100.0).tolist())
    feature["relation"].float_list.value.append(1.0)
    assert tf.train.Example.FromString(made) == expected
