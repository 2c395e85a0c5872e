"""Data that cannot be used: each is an error that says what and where, or a counted skip."""

import itertools

import numpy as np
import pytest

from relation.core.errors import DataError, RecipeError
from tests.relation_gen.helpers import as_dict, row
from tests.relation_gen.helpers_cases import make, recipe, schema

ITEM = schema(id=bytes, label=int, x=float, grp=bytes)
LINK = schema(a=bytes, b=bytes, v=float, w=float, c=["p", "q"])
ENDS = "left: {entity: item, id: a}, right: {entity: item, id: b}"
EDGES = "{type: pairs, source: {type: edges, edges: link%s}, sampling: {positives_per_anchor: all}}"
LABELS = "{type: %s, source: {type: same_label, feature: label}%s}"
NAN = float("nan")


def items(split: str, count: int = 8) -> list[bytes]:
    return [
        row(id=f"{split}-{n}".encode(), label=n % 2, x=float(n), grp=b"g%d" % (n % 2))
        for n in range(count)
    ]


ITEMS = {split: items(split) for split in ("train", "eval")}


def link(left: int, right: int, split: str = "train", **values) -> bytes:
    return row(a=f"{split}-{left}".encode(), b=f"{split}-{right}".encode(), **values)


def edges(folder, links, source="", more="", data="bad_rows: skip", given=ITEMS):
    loaded = recipe(
        folder, EDGES % source, {"item": ITEM}, {"link": (LINK, f"{{{ENDS}{more}}}")}, data
    )
    good = [link(0, 1, s, v=1.0, w=1.0, c=b"p") for s in ("train", "eval")]
    return make(loaded, {"item": given, "link": {"": [*good, *links]}}, folder)


def test_edges_that_cannot_be_used_are_skipped_and_counted_or_stop_the_run(tmp_path):
    links = [
        link(1, 99),  # Dangling on the right,
        row(a=b"nobody", b=b"train-1"),  # on the left,
        row(a=b"nobody", b=b"none"),  # and on both sides.
        link(2, 2),  # To itself.
        row(b=b"train-1"),
        row(a=b"train-1", b=b""),
        row(a=[b"train-1", b"train-2"], b=b"train-3"),
        row(a=5, b=b"train-3"),
        row(a=b"train-1", b=b"eval-1"),
    ]
    made = edges(tmp_path / "skip", links)
    assert made.stats["inputs"]["link"]["skipped"] == {
        "across_splits": 1,
        "dangling_edge": 3,
        "no_left_id": 1,
        "no_right_id": 1,
        "self_edge": 1,
        "several_ids": 1,
        "wrong_type": 1,
    }
    assert made.stats["inputs"]["link"]["rows_used"] == 2
    with pytest.raises(DataError) as caught:
        edges(tmp_path / "fail", links, data="bad_rows: fail")
    for part in (
        "dangling_edge 3 (ids 'nobody -> none', ",
        "self_edge 1 (ids 'train-2 -> train-2')",
    ):
        assert part in str(caught.value)


def test_duplicate_and_contradictory_edges(tmp_path):
    links = [link(0, 1, v=1.0), link(3, 4, v=2.0), link(3, 4, v=1.0), link(3, 4, v=1.0)]
    made = edges(tmp_path, links, ", label: scalar", ", value: v", "bad_rows: fail")
    assert made.stats["inputs"]["link"]["skipped"] == {"conflicting_edge": 1, "duplicate_edge": 2}
    actual = {(one["left_id"], one["right_id"]): one["relation"] for one in made.tuples()}
    assert actual[b"train-3", b"train-4"] == 1.0


def test_values_and_weights_that_cannot_be(tmp_path):
    links = [
        link(1, 2, w=1.0),  # no value
        link(1, 3, v=0.5, w=1.0),
        link(1, 4, v=NAN, w=1.0),
        link(1, 5, v=1.0, w=-0.5),
        link(1, 6, v=1.0),
        link(2, 1, v=1.0, w=NAN),
        row(a=b"train-2", b=b"train-3", v=b"1", w=1.0),
    ]
    made = edges(tmp_path, links, "", ", value: v, weight: w")
    assert made.stats["inputs"]["link"]["skipped"] == {
        "nan": 2,
        "negative_weight": 1,
        "no_value": 1,
        "no_weight": 1,
        "value_not_0_or_1": 1,
        "wrong_type": 1,
    }


def test_a_class_that_is_not_in_the_domain(tmp_path):
    links = [link(1, 2, c=b"r"), link(1, 3, c=[b"p", b"q"]), link(1, 4)]
    made = edges(tmp_path, links, ", label: class", ", value: c")
    assert made.stats["inputs"]["link"]["skipped"] == {"no_value": 2, "unknown_class": 1}


@pytest.mark.parametrize(
    ("links", "given", "message"),
    [
        ([], ITEMS, "split 'train': no edge between two entities of the split can be used"),
        (
            [link(0, 1)],
            {"train": ITEMS["train"], "eval": []},
            "split 'eval': no row can be used (0 read)",
        ),
        ([link(0, 1)], ITEMS, "split 'eval': no edge between two entities"),
    ],
)
def test_no_edge_and_no_entity(tmp_path, links, given, message):
    loaded = recipe(tmp_path, EDGES % "", {"item": ITEM}, {"link": (LINK, f"{{{ENDS}}}")})
    with pytest.raises(DataError) as caught:
        make(loaded, {"item": given, "link": {"": links}}, tmp_path)
    assert message in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_split_without_a_usable_row_says_why(tmp_path):
    sampling = ", sampling: {weight: x}"
    loaded = recipe(tmp_path, LABELS % ("pairs", sampling), {"item": ITEM}, data="bad_rows: skip")
    rows = [row(id=b"%d" % n, label=1, x=NAN) for n in range(11)] + [row(label=1, x=1.0)]
    with pytest.raises(DataError) as caught:
        make(loaded, {"item": {"train": rows, "eval": ITEMS["eval"]}}, tmp_path)
    message = "split 'train': no row can be used (12 read: nan 11, no_id 1); expected at least one"
    assert message in str(caught.value)


def test_a_split_without_a_usable_edge_says_why(tmp_path):
    more, links = ", weight: w", [link(1, 99, w=1.0), link(1, 2, w=NAN), link(1, 3, w=-1.0)]
    loaded = recipe(
        tmp_path,
        EDGES % "",
        {"item": ITEM},
        {"link": (LINK, f"{{{ENDS}{more}}}")},
        "bad_rows: skip",
    )
    with pytest.raises(DataError) as caught:
        make(loaded, {"item": ITEMS, "link": {"": links}}, tmp_path)
    reasons = "link: 3 read: dangling_edge 1, nan 1, negative_weight 1"
    assert f"no edge between two entities of the split can be used ({reasons})" in str(caught.value)


def test_rows_of_tuples_of_which_none_can_be_used_say_why(tmp_path):
    columns = schema(left_id=bytes, right_id=bytes, y=float)
    loaded = recipe(
        tmp_path,
        "{type: rows, source: {type: row, rows: pair}, roles: {left: i, right: i}, label: y}",
        {"i": schema(id=bytes)},
        {"pair": (columns, "")},
        "bad_rows: skip",
        read=[],
    )
    rows = [row(left_id=b"a", right_id=b"b", y=y) for y in (NAN, 2.0)]
    held = [row(left_id=b"c", right_id=b"d", y=1.0)]
    with pytest.raises(DataError) as caught:
        make(loaded, {"pair": {"train": rows, "eval": held}}, tmp_path)
    assert "no row can be used (2 read: nan 1, value_not_0_or_1 1)" in str(caught.value)


def test_grades(tmp_path):
    graded = "{type: ranked_pairs, source: {type: graded_group, group: grp, grade: x}}"
    bad = [
        row(id=b"1", label=1, grp=b"g0"),
        row(id=b"2", label=1, grp=b"g0", x=NAN),
        row(id=b"3", label=1, grp=b"g0", x=b"high"),
        row(id=b"4", label=1, grp=b"g0", x=float("inf")),
        row(id=b"5", label=1, x=1.0),
        row(id=b"6", label=1, x=1.0, grp=[b"g0", b"g1"]),
    ]
    one_grade = [row(id=b"same-%d" % n, label=1, grp=b"same", x=1.0) for n in range(3)]
    loaded = recipe(tmp_path, graded, {"item": ITEM}, data="bad_rows: skip")
    given = {"train": [*ITEMS["train"], *bad, *one_grade], "eval": ITEMS["eval"]}
    made = make(loaded, {"item": given}, tmp_path)
    assert made.of()["skipped"] == {
        "nan": 2,
        "no_grade": 1,
        "no_group": 1,
        "several_groups": 1,
        "wrong_type": 1,
    }
    assert made.of()["shortfall"]["one_grade"] == 100
    alike = [row(id=b"%d" % n, label=1, grp=b"same", x=1.0) for n in range(3)]
    strict = recipe(tmp_path / "2", graded, {"item": ITEM})
    with pytest.raises(
        DataError, match="split 'eval': no two documents of a query differ in grade"
    ):
        make(strict, {"item": {"train": ITEMS["train"], "eval": alike}}, tmp_path / "2")


def raises(left, right):
    raise KeyError("colour")


def not_numbers(left, right):
    return np.full(len(left["x"]), np.nan)


def too_wide(left, right):
    return np.zeros((len(left["x"]), 3))


def words(left, right):
    return np.full(len(left["x"]), "near")


def nothing(left, right):
    return None


CONSTANT = 3


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (f"{__name__}.raises", "raised KeyError: 'colour'"),
        (
            f"{__name__}.not_numbers",
            r"returned \[nan\] for \d+ of \d+ pairs; expected finite numbers",
        ),
        (
            f"{__name__}.too_wide",
            r"returned an array of shape \[\d+, 3\] and type float64; expected",
        ),
        (f"{__name__}.words", "and type <U4; expected numbers"),
        (
            f"{__name__}.nothing",
            r"returned an array of shape \[\] and type object; expected numbers",
        ),
        (
            f"{__name__}.absent",
            r"got 'tests.*\.absent', which cannot be imported: AttributeError: module",
        ),
        (
            "no_such_package.f",
            "which cannot be imported: ModuleNotFoundError: No module named 'no_such_package'",
        ),
        ("nothing_but_a_name", "got 'nothing_but_a_name', which cannot be imported"),
        (f"{__name__}.CONSTANT", "which is not a function"),
    ],
)
def test_functions_that_cannot_serve(tmp_path, function, message):
    relation = f"{{type: scored_pairs, source: {{type: function, function: {function}}}}}"
    with pytest.raises(DataError, match=message) as caught:
        make(recipe(tmp_path, relation, {"item": ITEM}), {"item": ITEMS}, tmp_path)
    assert "relation.source.function" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_ids_of_other_types_in_edges_than_in_entities_are_refused_with_the_recipe(tmp_path):
    with pytest.raises(
        RecipeError,
        match=r"data\.edges\.link\.left\.id: got 'a', of type int in .*; expected bytes, the type of the id of item$",
    ):
        recipe(
            tmp_path,
            EDGES % "",
            {"item": ITEM},
            {"link": (schema(a=int, b=bytes), f"{{{ENDS}}}")},
        )


def test_ids_of_any_bytes(tmp_path):
    ids = [b"\x00", b"\xff\xfe", "😀\n".encode(), b"long" * 2500, b" -> ", b"'\"\\", b"1", b"\n"]
    given = {
        "train": [row(id=key, label=n % 2, x=float(n), grp=b"g") for n, key in enumerate(ids)],
        "eval": ITEMS["eval"],
    }
    links = [row(a=left, b=right) for left, right in itertools.pairwise(ids)]
    links += [row(a=b"long" * 2500, b=b"\xff\n"), link(0, 1, "eval")]
    loaded = recipe(
        tmp_path,
        EDGES % "",
        {"item": ITEM},
        {"link": (LINK, f"{{{ENDS}}}")},
        "bad_rows: skip",
    )
    made = make(loaded, {"item": given, "link": {"": links}}, tmp_path)
    actual = {(one["left_id"], one["right_id"]) for one in made.tuples() if one["relation"] == 1}
    assert actual == set(itertools.pairwise(ids))
    assert made.stats["inputs"]["link"]["skipped"] == {"dangling_edge": 1}
    strict = recipe(tmp_path / "2", EDGES % "", {"item": ITEM}, {"link": (LINK, f"{{{ENDS}}}")})
    with pytest.raises(DataError) as caught:
        make(strict, {"item": given, "link": {"": links}}, tmp_path / "2")
    assert len(str(caught.value)) < 1000
    assert "\n" not in str(caught.value)


def test_a_group_of_negatives_that_some_rows_lack(tmp_path):
    where = ", sampling: {negatives: {where: within, group: grp}}"
    loaded = recipe(tmp_path, LABELS % ("pairs", where), {"item": ITEM}, data="bad_rows: skip")
    given = {
        split: [row(id=f"{split}{n}".encode(), label=n % 2, grp=b"g", x=1.0) for n in range(6)]
        for split in ("train", "eval")
    }
    given["train"].append(row(id=b"lost", label=1, x=1.0))
    made = make(loaded, {"item": given}, tmp_path)
    assert made.of()["skipped"] == {"no_group": 1}
    assert not any(b"lost" in one.values() for one in made.tuples())


@pytest.mark.parametrize(
    ("sampling", "reason"),
    [
        ("positives_per_tuple: 4", "too_few_positives"),
        ("negatives_per_tuple: 9", "too_few_negatives"),
    ],
)
def test_ntuples_of_more_members_than_there_are(tmp_path, sampling, reason):
    """Nothing could be trained on: an error that tells the shortfall."""
    loaded = recipe(tmp_path, LABELS % ("ntuples", f", sampling: {{{sampling}}}"), {"item": ITEM})
    with pytest.raises(DataError) as caught:
        make(loaded, {"item": ITEMS}, tmp_path)
    assert "requested tuples could be made" in str(caught.value)
    assert f"{reason} 8" in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_labels_of_which_every_two_rows_share_one(tmp_path):
    loaded = recipe(tmp_path, LABELS % ("triplets", ""), {"item": schema(id=bytes, label=(int, 3))})
    rows = {
        split: [row(id=f"{split}{n}".encode(), label=[0, n]) for n in range(1, 5)]
        for split in ("train", "eval")
    }
    with pytest.raises(
        DataError,
        match=r"split 'train': none of the .* requested tuples could be made.*too_few_negatives 4",
    ):
        make(loaded, {"item": rows}, tmp_path)


def test_tags_and_confidences(tmp_path):
    given = schema(id=bytes, tags=(["p", "q"], 3), sure=(float, 3))
    bad = [
        row(id=b"1", tags=[b"p", b"r"], sure=[0.5, 0.5]),
        row(id=b"2", tags=[b"p"], sure=[1.5]),
        row(id=b"3", tags=[b"p"], sure=[-0.1]),
        row(id=b"4", tags=[b"p", b"q"], sure=[0.5]),
        row(id=b"5", tags=[b"p"], sure=[0.5, 0.5]),
        row(id=b"6", tags=[b"p"]),
        row(id=b"7", sure=[0.5]),
        row(id=b"8", tags=[b"p"], sure=[NAN]),
        row(id=b"9", tags=[3], sure=[0.5]),
    ]
    good = {s: [row(id=s.encode(), tags=[b"q"], sure=[0.25])] for s in ("train", "eval")}
    good["train"] += bad
    loaded = recipe(
        tmp_path,
        "{type: tags, source: {type: labels, feature: tags, confidence: sure}}",
        {"item": given},
        data="bad_rows: skip",
    )
    made = make(loaded, {"item": good}, tmp_path)
    assert made.of()["skipped"] == {
        "bad_confidence": 6,
        "nan": 1,
        "unknown_label": 1,
        "wrong_type": 1,
    }
    assert [one["relation"] for one in made.tuples()] == [[0.0, 0.25]]


def test_rows_of_tuples_that_cannot_be_used(tmp_path):
    columns = schema(left_id=bytes, left_x=float, right_id=bytes, right_x=float, y=int)
    loaded = recipe(
        tmp_path,
        "{type: rows, source: {type: row, rows: pair}, roles: {left: i, right: i}, label: y}",
        {"i": schema(id=bytes, x=float)},
        {"pair": (columns, "")},
        "bad_rows: skip",
        read=[],
    )
    good = {"left_id": b"a", "left_x": 1.0, "right_id": b"b", "right_x": 2.0, "y": 1}
    bad = [{k: v for k, v in good.items() if k != name} for name in ("left_id", "right_id", "y")]
    bad += [{**good, "y": 2}, {**good, "right_x": NAN}, {**good, "y": b"1"}]
    held = {**good, "left_id": b"c", "right_id": b"d"}
    inputs = {"pair": {"train": [row(**one) for one in [good, *bad]], "eval": [row(**held)]}}
    made = make(loaded, inputs, tmp_path)
    assert made.of()["skipped"] == {
        "nan": 1,
        "no_id": 2,
        "no_value": 1,
        "value_not_0_or_1": 1,
        "wrong_type": 1,
    }
    assert [as_dict(inputs["pair"]["train"][0])["left_id"]] == [
        one["left_id"] for one in made.tuples()
    ]
