"""What is doubtful about rows, by hand."""

import unicodedata
from collections import Counter

import pytest

from pipeline.new.rows import doubts
from pipeline.new.rows.kinds import profile
from pipeline.new.rows.table import Column, Table


def column(name, dtype, *values):
    return Column(name, dtype, tuple(() if value is None else (value,) for value in values))


def table(rows, whole=True, notes=()):
    return Table("rows.csv", "csv", {}, rows, whole, notes)


def test_few_rows_and_parts_of_them_are_told():
    assert doubts.of_rows(table(100)) == []
    assert doubts.of_rows(table(99)) == [
        "only 99 rows: a model and its gates need at least 100 to mean something"
    ]
    assert doubts.of_rows(table(200, False, ("a note",))) == [
        "a note",
        "only 200 rows were looked at: later ones may have other values, and more of them in a list",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cat", "cat"),
        ("cat", " cat"),
        ("New York", "new  york"),
        (unicodedata.normalize("NFC", "Müller"), unicodedata.normalize("NFD", "Müller")),
        ("Straße", "STRASSE"),
        ("ﬁne", "fine"),
    ],
)
def test_labels_that_differ_in_writing_alone(one, other):
    counts = Counter({one.encode(): 3, other.encode(): 2, b"dog": 4})
    [doubt] = doubts.same_but_for_writing(counts)
    assert doubt.endswith("differ in case, spaces or normalization alone: are they one label?")
    assert repr(one) in doubt
    assert repr(other) in doubt


@pytest.mark.parametrize("labels", [(b"cat", b"dog"), (b"a-1", b"a1"), (1, 2), (b"\xff", b"\xfe")])
def test_other_labels_differ(labels):
    assert doubts.same_but_for_writing(Counter(labels)) == []


def test_labels_of_one_row_and_rows_without_one():
    label = column("kind", "bytes", b"cat", b"cat", b"dog", None)
    assert doubts.of_label(label) == [
        "1 of 2 values of 'kind' occur once ('dog'): such rows have no other row to be related to",
        "1 of 4 rows have no 'kind': they are skipped",
    ]


def test_rows_with_equal_features():
    features = [
        profile(column("x", "float", 1.0, 1.0001, 2.0, 2.0)),
        profile(column("name", "bytes", b"A b c", b"a b  c", b"d", b"e")),
    ]
    label = column("kind", "bytes", b"cat", b"dog", b"cat", b"cat")
    first, second = doubts.of_equal_rows(features, label)
    assert first.startswith("1 row repeats the features of another, or nearly so")
    assert "rows 1 and 2" in first
    assert second == (
        "1 group of rows with the same features has different 'kind': no model can tell them apart"
    )
    assert doubts.of_equal_rows(features[1:], None) == [first]
    assert doubts.of_equal_rows([], None) == []


def test_a_column_that_gives_the_label_away():
    label = column("kind", "bytes", *[b"cat", b"dog", b"eel"] * 20)
    code = column("code", "bytes", *[b"C", b"D", b"E"] * 20)
    finer = column("breed", "bytes", *[b"C1", b"D", b"E", b"C2", b"D", b"E"] * 10)
    coarse = column("legs", "bytes", *[b"4", b"4", b"0"] * 20)
    number = column("n", "float", *[1.0, 2.5, 7.0] * 20)
    mixed = column("m", "float", *[1.0, 2.5, 1.0] * 20)
    profiles = [profile(one) for one in (label, code, finer, coarse, number, mixed)]
    assert doubts.giving_away(profiles, label) == {
        "code": "each value of 'code' goes with one 'kind'",
        "breed": "each value of 'breed' goes with one 'kind'",
        "n": "intervals of 'n' are the values of 'kind'",
    }


def test_one_wrong_row_of_two_hundred_still_gives_away_and_five_do_not():
    for wrong, expected in ((1, ["code"]), (5, [])):
        code = [b"C", b"D"] * 100
        code[:wrong] = [b"E"] * 0 + [b"D" if n % 2 == 0 else b"C" for n in range(wrong)]
        label = column("kind", "bytes", *[b"cat", b"dog"] * 100)
        assert (
            list(doubts.giving_away([profile(column("code", "bytes", *code))], label)) == expected
        )


def test_keys_that_rows_share():
    shared = profile(column("user_id", "int", *[1, 2, 3] * 10))
    other = profile(column("colour", "bytes", *[b"a", b"b", b"c"] * 10))
    assert doubts.of_keys([shared, other], None) == [
        "rows share values of 'user_id' (3 in 30 rows): if those of one belong together, use "
        "split: {unit: group, feature: user_id}"
    ]
    assert doubts.of_keys([shared, other], "user_id") == []


def test_labels_that_are_lists_in_one_text():
    joined = Counter([b"a;b", b"b;c", b"a;c", b"a;b;c"])
    assert doubts.of_joined("tags", joined) == [
        "values of 'tags' look like lists with ';' between, as in 'a;b': a CSV cell holds one value, "
        "so write JSON lines or Parquet with lists, for tags"
    ]
    assert doubts.of_joined("city", Counter([b"Bonn, D", b"Rome, I", b"Oslo, N", b"Paris"])) == []
