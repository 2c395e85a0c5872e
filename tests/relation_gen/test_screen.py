import dataclasses
import struct

import numpy as np
import pytest
import tensorflow as tf

from components.common.example_wire import split_joined
from components.common.rows.example_decoder import NotAnExample
from components.common.rows.row_requirements import Key, Number, RowSpec, entity_spec
from components.common.rows.row_validation import RowValidator, joined
from relation.core.errors import DataError
from relation.features.images.decode import image_fault
from relation.features.images.readable import readable
from tests.encoded_images import png as png_of
from tests.encoded_images import saved
from tests.relation_gen.helpers import IMAGE_SCHEMA, SCHEMA, png, request, row

GOOD = row(id=b"a", label=1, x=[1.0, 2.0])


def validated(*rows: bytes, schema=SCHEMA):
    return RowValidator(spec_of(schema))(list(rows))


def spec_of(schema=SCHEMA) -> RowSpec:
    return entity_spec(request(), "item", schema).rows


def test_good_rows_give_id_and_label():
    actual = validated(GOOD, row(id=b"\xff\0\n", label=-3), row(id=b"b", label=1, unknown=b"?"))
    assert actual.reasons == ["", "", ""]
    assert actual.ids == [b"a", b"\xff\0\n", b"b"]
    assert actual.keys[1] == [b"1", b"-3", b"1"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(label=1), "no_id"),
        (row(id=[], label=1), "no_id"),
        (row(id=b"", label=1), "no_id"),
        (row(other=1), "no_id"),
        (b"", "no_id"),
        (row(id=[b"a", b"b"], label=1), "several_ids"),
        (row(id=b"a"), "no_label"),
        (row(id=b"a", label=[1, 2]), "several_labels"),
        (row(id=b"a", label=b"1"), "wrong_type"),
        (row(id=7, label=1), "wrong_type"),
        (row(id=7), "wrong_type"),
        (row(id=b"a", label=1, x=1), "wrong_type"),
        (row(id=b"a", label=1, x=[0.0, float("nan")]), "nan"),
        (row(id=b"a", label=1, x=[float("inf")]), "nan"),
    ],
)
def test_bad_rows_give_a_reason_and_leave_their_neighbours_alone(bad, reason):
    actual = validated(GOOD, bad, GOOD)
    assert actual.reasons == ["", reason, ""]
    assert actual.keys[1][0] == actual.keys[1][2] == b"1"


def test_float_rows_are_told_apart_where_some_have_none():
    nan = row(id=b"a", label=1, x=[0.0, float("nan"), 1.0])
    none = row(id=b"a", label=1)
    assert validated(none, GOOD, none, none, nan, none, GOOD).reasons == [
        *[""] * 4,
        "nan",
        "",
        "",
    ]


def test_images():
    actual = validated(
        row(id=b"a", label=1, image=png()),
        row(id=b"b", label=1, image=png(kind="JPEG")),
        row(id=b"c", label=1),
        row(id=b"d", label=1, image=png()[:-20]),
        row(id=b"e", label=1, image=b"no image"),
        row(id=b"f", label=1, image=png(kind="GIF")),
        row(id=b"g", label=1, image=[png(), b""]),
        schema=IMAGE_SCHEMA,
    )
    assert actual.reasons == [
        "",
        "",
        "image_missing",
        "image_undecodable",
        "image_undecodable",
        "image_undecodable",
        "image_undecodable",
    ]


NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
WHOLE_PNG, WHOLE_JPEG = saved(NOISE, "PNG"), saved(NOISE, "JPEG")


def flipped(encoded: bytes, at: int) -> bytes:
    """With one byte inverted."""
    return encoded[:at] + bytes([encoded[at] ^ 0xFF]) + encoded[at + 1 :]


def claiming(height: int, width: int) -> bytes:
    """A PNG of one byte of pixels that claims another size."""
    return png_of(np.zeros((1, 1)), size=(height, width))


def jpeg_claiming(height: int, width: int) -> bytes:
    """A JPEG of 64 × 64 pixels that claims another size."""
    at = WHOLE_JPEG.index(b"\xff\xc0") + 5
    return WHOLE_JPEG[:at] + struct.pack(">HH", height, width) + WHOLE_JPEG[at + 4 :]


@pytest.mark.parametrize(
    ("image", "reason"),
    {
        "PNG": (WHOLE_PNG, ""),
        "JPEG": (WHOLE_JPEG, ""),
        "garbage behind the end of a JPEG": (WHOLE_JPEG + b"garbage", ""),
        "garbage behind the end of a PNG": (WHOLE_PNG + b"garbage", ""),
        "the largest": (claiming(2**13, 2**13), "image_undecodable"),
        "a JPEG cut short": (WHOLE_JPEG[:-200], "image_undecodable"),
        "a JPEG without its end": (WHOLE_JPEG[:-2], "image_undecodable"),
        "the header of a JPEG": (WHOLE_JPEG[:200], "image_undecodable"),
        "a PNG cut short": (WHOLE_PNG[:-200], "image_undecodable"),
        "a PNG without its end": (WHOLE_PNG[:-12], "image_undecodable"),
        "damaged pixels": (flipped(WHOLE_PNG, len(WHOLE_PNG) // 2), "image_undecodable"),
        "a wrong checksum of pixels": (flipped(WHOLE_PNG, len(WHOLE_PNG) - 13), "image_undecodable"),
        "a wrong checksum of the size": (flipped(WHOLE_PNG, 32), "image_undecodable"),
        "no height": (claiming(0, 1), "image_undecodable"),
        "no width": (claiming(1, 0), "image_undecodable"),
        "a bomb": (claiming(30_000, 30_000), "image_too_large"),
        "a pixel more than the largest": (claiming(1, 2**26 + 1), "image_too_large"),
        "a claim of 4 GB": (claiming(2**32 - 1, 1), "image_too_large"),
        "a JPEG bomb": (jpeg_claiming(65_000, 65_000), "image_too_large"),
        "a JPEG without height": (jpeg_claiming(0, 64), "image_undecodable"),
        "nothing": (b"", "image_undecodable"),
    }.values(),
)  # fmt: skip
def test_an_image_is_whole_and_of_a_size_that_memory_holds(image, reason):
    actual = validated(row(id=b"a", label=1, image=image), schema=IMAGE_SCHEMA)
    assert actual.reasons == [reason]
    if reason == "":
        assert readable(tf.constant([image])).numpy().all()


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.delattr("relation.features.images.decode._native")
    for bomb in (claiming(30_000, 30_000), jpeg_claiming(65_000, 65_000)):
        assert image_fault(bomb) == "image_too_large"


def test_a_record_of_another_kind_is_no_row():
    with pytest.raises(NotAnExample):
        validated(GOOD, b"not a tf.Example")


def test_the_schema_must_have_the_features_that_the_request_names():
    with pytest.raises(
        DataError,
        match="schema: got 'id'; expected a feature of type BYTES or INT that is not an image",
    ):
        spec_of(type(SCHEMA)(feature=SCHEMA.feature[1:]))


KEYS = (Key("id", False, "no_id", "several_ids"), Key("label", True, "no_label", None))
NUMBERS = (Number("x", "no_x", 2),)
SEVERAL = dataclasses.replace(spec_of(), keys=KEYS, numbers=NUMBERS)


def test_keys_of_several_values_are_sets_and_keep_their_order_beside():
    rows = [
        row(id=b"a", label=[3, 1, 3], x=1.0),
        row(id=b"b", label=-7, x=[1.0, 2.0, 3.0]),
        row(id=b"c", x=1.0),
        row(id=b"d", label=1),
        row(id=b"e", label=[2, 20], x=[float("nan"), 1.0]),
    ]
    actual = RowValidator(SEVERAL)(rows)
    assert [split_joined(value) for value in actual.keys[1]] == [
        [b"1", b"3"],
        [b"-7"],
        [],
        [b"1"],
        [b"2", b"20"],
    ]
    assert actual.raw == {1: [[b"3", b"1", b"3"], [b"-7"], [], [b"1"], [b"2", b"20"]]}
    assert actual.reasons == ["", "too_many_values", "no_label", "no_x", "nan"]
    expected = [[1, np.nan], [1, 2], [1, np.nan], [np.nan, np.nan], [np.nan, 1]]
    np.testing.assert_array_equal(actual.numbers[0], expected)


def test_an_ill_typed_row_does_not_change_what_is_found_of_others():
    rows = [
        row(id=b"a", label=[3, 1], x=1.0),
        row(id=b"b", label=b"x"),
        row(id=b"c", label=2, x=[4.0, 5.0]),
    ]
    actual, alone = RowValidator(SEVERAL)(rows), RowValidator(SEVERAL)([rows[0], rows[2]])
    assert actual.reasons == ["", "wrong_type", ""]
    assert actual.ids == [b"a", b"b", b"c"]
    assert [actual.keys[1][i] for i in (0, 2)] == alone.keys[1]
    assert [actual.raw[1][i] for i in (0, 2)] == alone.raw[1]
    np.testing.assert_array_equal(actual.numbers[0][[0, 2]], alone.numbers[0])
    assert np.isnan(actual.numbers[0][1]).all()


def test_no_rows():
    actual = RowValidator(SEVERAL)([])
    assert (actual.keys, actual.reasons, actual.raw) == ([[], []], [], {1: []})
    assert actual.numbers[0].shape == (0, 2)


def test_an_empty_value_is_no_label():
    assert joined([b"b", b"", b"a", b"b"]) == b"\x01a\x01b"
    keys = (KEYS[0], Key("tags", False, "no_label", None))
    schema = type(SCHEMA)()
    for name in ("id", "tags"):
        schema.feature.add(name=name, type=1)
    spec = RowSpec(("id", "tags"), keys, (), (), (), schema.SerializeToString())
    actual = RowValidator(spec)(
        [row(id=b"a", tags=[b""]), row(id=b"b", tags=[b"", b"t"]), row(id=b"c", tags=b"t")]
    )
    assert actual.reasons == ["no_label", "", ""]
    assert actual.keys[1] == [b"", b"\x01t", b"\x01t"]
