import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from components.common.example_wire import split_joined
from components.common.rows.example_decoder import NotAnExample
from components.common.rows.row_requirements import Key, Number, RowSpec, entity_spec
from components.common.rows.row_validation import RowValidator, decodable, joined
from relation.core.errors import DataError
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


def test_an_image_with_damaged_pixels_is_found():
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(whole, "PNG")
    damaged = bytearray(whole.getvalue())
    damaged[len(damaged) // 2] ^= 0xFF
    assert decodable(whole.getvalue())
    assert not decodable(bytes(damaged))


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
