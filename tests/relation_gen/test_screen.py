import io

import pytest
from PIL import Image

from components.relation_gen.rows import row_spec
from components.relation_gen.screen import NotAnExample, Screen, decodable
from relation.errors import DataError
from tests.relation_gen.helpers import IMAGE_SCHEMA, SCHEMA, png, request, row

GOOD = row(id=b"a", label=1, x=[1.0, 2.0])


def screened(*rows: bytes, schema=SCHEMA):
    return Screen(row_spec(request(), schema))(list(rows))


def test_good_rows_give_id_and_label():
    found = screened(GOOD, row(id=b"\xff\0\n", label=-3), row(id=b"b", label=1, unknown=b"?"))
    assert found.reasons == ["", "", ""]
    assert found.ids == [b"a", b"\xff\0\n", b"b"]
    assert found.labels == [b"1", b"-3", b"1"]


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
        (row(id=b"a", label=1, x=1), "wrong_type"),
        (row(id=b"a", label=1, x=[0.0, float("nan")]), "nan"),
        (row(id=b"a", label=1, x=[float("inf")]), "nan"),
    ],
)
def test_bad_rows_give_a_reason_and_leave_their_neighbours_alone(bad, reason):
    found = screened(GOOD, bad, GOOD)
    assert found.reasons == ["", reason, ""]
    assert found.labels[0] == found.labels[2] == b"1"


def test_float_rows_are_told_apart_where_some_have_none():
    nan = row(id=b"a", label=1, x=[0.0, float("nan"), 1.0])
    none = row(id=b"a", label=1)
    assert screened(none, GOOD, none, none, nan, none, GOOD).reasons == [
        *[""] * 4,
        "nan",
        "",
        "",
    ]


def test_images():
    found = screened(
        row(id=b"a", label=1, image=png()),
        row(id=b"b", label=1, image=png(kind="JPEG")),
        row(id=b"c", label=1),
        row(id=b"d", label=1, image=png()[:-20]),
        row(id=b"e", label=1, image=b"no image"),
        row(id=b"f", label=1, image=png(kind="GIF")),
        row(id=b"g", label=1, image=[png(), b""]),
        schema=IMAGE_SCHEMA,
    )
    assert found.reasons == [
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
        screened(GOOD, b"not a tf.Example")


def test_the_schema_must_have_the_features_that_the_request_names():
    with pytest.raises(DataError, match="feature 'label' must be there, of type BYTES or INT"):
        row_spec(request(), type(SCHEMA)(feature=SCHEMA.feature[:1]))
