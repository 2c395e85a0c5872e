import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from components.common import example_wire
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
    assert example_wire.features_of(record) == expected


@given(st.integers(0, 2**40))
def test_varint(value):
    assert example_wire._read_varint(example_wire.varint(value) + b"x", 0) == (
        value,
        len(example_wire.varint(value)),
    )


def test_unusual_forms_are_read_too():
    # Entries spread over two Features messages, and an unknown field.
    record = row(a=1) + row(b=[b"x"]) + b"\x78\x01"
    assert set(example_wire.features_of(record)) == {b"a", b"b"}
    assert example_wire.features_of(b"") == {}


def test_garbage_is_refused():
    with pytest.raises(DecodeError):
        example_wire.features_of(b"no example at all")


def payload(record: bytes, names: list[bytes]) -> bytes:
    return example_wire.payload(example_wire.features_of(record), names)


def test_payload_does_not_depend_on_the_order_of_features():
    one, other = row(a=1, b=b"x" * 500, z=2.0), row(z=2.0, b=b"x" * 500, a=1)
    entries = row(z=2.0)[2:] + row(b=b"x" * 500)[3:] + row(a=1)[2:]
    shuffled = b"\x0a" + example_wire.varint(len(entries)) + entries
    names = [b"a", b"b", b"c"]
    assert payload(one, names) == payload(other, names) == payload(shuffled, names)
    values = list(example_wire.payload_values(payload(one, names)))
    assert values[2] is None
    assert tf.train.Feature.FromString(values[1]).bytes_list.value[0] == b"x" * 500


@given(st.lists(st.one_of(st.none(), st.binary(max_size=300)), min_size=1, max_size=6))
def test_a_payload_is_taken_apart_as_it_was_packed(values):
    data = example_wire.pack(values)
    assert list(example_wire.payload_values(data)) == values
    assert list(example_wire.payload_values(example_wire.content(data))) == values[1:]


@given(FEATURES)
def test_values_are_those_of_protobuf(values):
    names = sorted(name.encode() for name in values)
    data = payload(row(**values), [*names, b"none" * 99])
    features = tf.train.Example.FromString(row(**values)).features.feature
    assert example_wire.values_at(data, len(names)) == []
    for i, name in enumerate(names):
        feature = features[name.decode()]
        expected = [b"%d" % n for n in feature.int64_list.value] or list(feature.bytes_list.value)
        assert example_wire.values_at(data, i) == expected
        first = example_wire.first_value(feature.SerializeToString())
        assert first == (expected[0] if expected else b"")


@given(st.lists(st.binary(max_size=300), max_size=9))
def test_joined_strings_are_taken_apart(values):
    assert (
        example_wire.split_joined(b"".join(example_wire.varint(len(v)) + v for v in values))
        == values
    )


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5))
def test_keys_are_features_of_their_type(values):
    digits = [b"%d" % value for value in values]
    assert (
        list(tf.train.Feature.FromString(example_wire.keyed(digits, True)).int64_list.value)
        == values
    )
    assert (
        list(tf.train.Feature.FromString(example_wire.keyed(digits, False)).bytes_list.value)
        == digits
    )


@pytest.mark.parametrize("width", [1, 3, 100])
@pytest.mark.parametrize("n", [0, 1, 7])
def test_float_entries_are_what_protobuf_writes(n, width):
    values = np.random.default_rng(0).normal(size=(n, width)).astype(np.float32)
    actual = example_wire.float_entries("relation", values)
    assert len(actual) == n
    for entry, numbers in zip(actual, values.tolist(), strict=True):
        assert example_wire.example(entry) == row(relation=numbers)


@pytest.mark.parametrize("key", [b"", b"\x00", b"a\nb", "😀".encode(), b"\xff\xfe", b"x" * 70_000])
def test_an_assembled_tuple_is_the_message_built_by_hand(key: bytes):
    names = ["key", "missing", "x"]
    encoded = [name.encode() for name in names]
    left, right = (example_wire.Rekey(role, names, "key") for role in ("left", "right"))
    one = payload(row(key=key, x=[1.5, -2.0], other=b"no feature of the schema"), encoded)
    two = payload(row(key=b"two", x=[float(n) for n in range(100)]), encoded)
    label = example_wire.entry("relation", example_wire.floats([1.0]))
    made = example_wire.example(
        left(list(example_wire.payload_values(one))),
        right(list(example_wire.payload_values(two))),
        label,
    )

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


@given(FEATURES, st.sampled_from(["left", "größe"]))
def test_rekeyed_features_keep_their_values_under_the_names_of_the_role(values, role):
    names = sorted({*values, "id"})
    data = payload(row(**values), [name.encode() for name in names])
    data += example_wire.pack([example_wire.floats([0.5])])
    made = example_wire.example(
        example_wire.Rekey(role, names, "id", ["relation"])(list(example_wire.payload_values(data)))
    )
    features = tf.train.Example.FromString(row(**values)).features.feature
    expected = {f"{role}_{name}": features[name] for name in values}
    expected["relation"] = tf.train.Feature(float_list={"value": [0.5]})
    assert dict(tf.train.Example.FromString(made).features.feature) == expected


def test_a_length_without_end_takes_linear_time():
    with pytest.raises(DecodeError):
        example_wire.features_of(b"\x0a" + b"\xff" * 1_000_000)
    assert example_wire._read_varint(b"\xff" * 9 + b"\x01", 0) == (2**64 - 1, 10)
