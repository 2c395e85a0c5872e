"""Edges between the same two entities, and tuples of the same members: `repeated` says what becomes
of them, and each is counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.relation_gen.rows.repeated import repeats
from relation.core.errors import RecipeError
from tests.relation_gen.helpers import row
from tests.relation_gen.helpers_cases import make, recipe, schema

ITEM = schema(id=bytes)
LINK = schema(a=bytes, b=bytes, v=float, w=float, c=["p", "q"])
ENDS = "left: {entity: item, id: a}, right: {entity: item, id: b}"
ITEMS = {s: [row(id=f"{s}{n}".encode()) for n in range(4)] for s in ("train", "eval")}
ALL_EDGES = (
    "{type: pairs, source: {type: edges, edges: link, label: %s, repeated: %s}, "
    "sampling: {positives_per_anchor: all, negatives_per_anchor: 0}}"
)


def edges(folder, repeated, links, label="binary", more=", weight: w", relation=ALL_EDGES):
    """Edges train0 → train1 of some (value, weight); what became of them, and all that was made."""
    rows = [row(a=b"train0", b=b"train1", v=v, w=w) for v, w in links]
    rows += [row(a=f"{s}2".encode(), b=f"{s}3".encode(), v=1.0, w=1.0) for s in ITEMS]
    loaded = recipe(
        folder, relation % (label, repeated), {"item": ITEM}, {"link": (LINK, f"{{{ENDS}{more}}}")}
    )
    made = make(loaded, {"item": ITEMS, "link": {"": rows}}, folder)
    actual = [one for one in made.tuples() if b"train0" in one.values()]
    return made, sorted((one.get("relation"), one.get("relation_weight")) for one in actual)


@pytest.mark.parametrize(
    ("weights", "repeated", "tuples", "skipped", "noted"),
    [
        ([1, 1, 1, 1, 5], "merge", [1], {"conflicting_edge": 1, "duplicate_edge": 3}, {}),
        ([1, 1, 1, 1, 5], "keep", [1, 1, 1, 1, 5], {}, {}),
        ([1, 1, 1, 1, 5], "mean", [9], {}, {"averaged_edge": 4}),
        ([1, 0], "merge", [0], {"conflicting_edge": 1}, {}),
        ([1, 0], "mean", [1], {}, {"averaged_edge": 1}),
        ([2, 2], "merge", [2], {"duplicate_edge": 1}, {}),
        ([2], "mean", [2], {}, {}),
    ],
)
def test_weights_of_repeated_edges(tmp_path, weights, repeated, tuples, skipped, noted):
    made, actual = edges(tmp_path, repeated, [(1.0, float(w)) for w in weights])
    assert actual == [(1.0, float(w)) for w in tuples]
    counts = made.stats["inputs"]["link"]
    assert (counts["skipped"], counts["noted"]) == (skipped, noted)
    assert counts["rows_used"] == len(weights) + 2 - sum(skipped.values())


@pytest.mark.parametrize(
    ("links", "more", "expected"),
    [
        ([(2.0, 1.0), (5.0, 3.0)], ", value: v, weight: w", (4.25, 4.0)),
        ([(2.0, 0.0), (5.0, 0.0)], ", value: v, weight: w", (3.5, 0.0)),
        ([(2.0, 0.0), (5.0, 2.0)], ", value: v, weight: w", (5.0, 2.0)),
        ([(2.0, 1.0), (5.0, 3.0), (5.0, 3.0)], ", value: v", (4.0, None)),
    ],
)
def test_values_of_repeated_edges_have_the_mean_by_weight(tmp_path, links, more, expected):
    _, actual = edges(tmp_path, "mean", links, "scalar", more)
    assert actual == [expected]


@pytest.mark.parametrize(("values", "positive"), [((1.0, 4.0), True), ((1.0, 3.0), False)])
def test_the_mean_says_whether_an_edge_is_a_positive(tmp_path, values, positive):
    relation = (
        "{type: triplets, source: {type: edges, edges: link, label: %s, repeated: %s, "
        "positive_from: 2.5}}"
    )
    more = ", value: v"
    rows = [row(a=b"train0", b=b"train1", v=v) for v in values]
    rows += [row(a=f"{s}2".encode(), b=f"{s}3".encode(), v=9.0) for s in ITEMS]
    loaded = recipe(
        tmp_path,
        relation % ("scalar", "mean"),
        {"item": ITEM},
        {"link": (LINK, f"{{{ENDS}{more}}}")},
    )
    made = make(loaded, {"item": ITEMS, "link": {"": rows}}, tmp_path)
    anchors = {one["anchor_id"] for one in made.tuples()}
    assert anchors == ({b"train0", b"train2"} if positive else {b"train2"})


PAIR = schema(l_id=bytes, r_id=bytes, y=float, vec=(float, 2))
ROWS = (
    "{type: rows, source: {type: row, rows: pair, repeated: %s}, roles: {l: i, r: i}, "
    "label: %s, label_kind: %s}"
)


def rows(folder, repeated, labels, column="y", kind="scalar"):
    """Rows of the members a and b with some labels, between others; their tuples."""
    pairs = [row(l_id=b"a", r_id=b"b", **{column: y}) for y in labels]
    other = row(l_id=b"b", r_id=b"a", **{column: labels[0]})
    held = row(l_id=b"x", r_id=b"y", **{column: labels[0]})
    loaded = recipe(
        folder,
        ROWS % (repeated, column, kind),
        {"i": schema(id=bytes)},
        {"pair": (PAIR, "")},
        read=[],
    )
    inputs = {"pair": {"train": [*pairs[:1], other, *pairs[1:]], "eval": [held]}}
    made = make(loaded, inputs, folder)
    actual = [one["relation"] for one in made.tuples() if one["l_id"] == b"a"]
    return made, sorted(actual)


@pytest.mark.parametrize(
    ("repeated", "tuples", "skipped", "noted"),
    [
        ("merge", [1.0], {"conflicting_row": 2, "duplicate_row": 1}, {}),
        ("keep", [1.0, 1.0, 2.0, 4.0], {}, {}),
        ("mean", [2.0], {}, {"averaged_row": 3}),
    ],
)
def test_labels_of_repeated_rows(tmp_path, repeated, tuples, skipped, noted):
    made, actual = rows(tmp_path, repeated, [2.0, 1.0, 4.0, 1.0])
    assert actual == tuples
    counts = made.stats["inputs"]["pair"]
    assert (counts["skipped"], counts["noted"]) == (skipped, noted)
    assert made.stats["splits"]["train"]["tuples"] == len(tuples) + 1


def test_a_vector_is_averaged_by_component(tmp_path):
    assert rows(tmp_path, "mean", [[1.0, 4.0], [3.0, 0.0]], "vec", "vector")[1] == [[2.0, 2.0]]


def test_rows_without_a_label_may_be_kept_as_often_as_they_are_there(tmp_path):
    relation = "{type: rows, source: {type: row, rows: pair, repeated: %s}, roles: {l: i, r: i}}"
    given = {s: [row(l_id=b"a", r_id=s.encode())] * 3 for s in ("train", "eval")}
    for repeated, count in (("keep", 3), ("merge", 1)):
        folder = tmp_path / repeated
        loaded = recipe(
            folder,
            relation % repeated,
            {"i": schema(id=bytes)},
            {"pair": (PAIR, "")},
            "split: {shared: [i]}",
            read=[],
        )
        assert len(make(loaded, {"pair": given}, folder).tuples()) == count


@pytest.mark.parametrize("label", ["binary", "class"])
def test_what_has_no_mean_is_refused_with_the_recipe(tmp_path, label):
    with pytest.raises(RecipeError, match=r"repeated: got 'mean'; expected 'merge' or 'keep'"):
        edges(tmp_path, "mean", [], label, f", value: {'c' if label == 'class' else 'v'}")
    with pytest.raises(RecipeError, match=r"repeated: got 'mean'; expected 'merge' or 'keep'"):
        rows(tmp_path, "mean", [1.0], kind="binary")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 1)), max_size=20),
    st.randoms(use_true_random=False),
)
def test_repeats_against_a_dictionary(table, random):
    """Of rows (name, value, value) the smallest of each name is kept, whatever their order."""
    shuffled = random.sample(table, len(table))
    name, *values = np.array(shuffled, dtype=np.float64).reshape(-1, 3).T
    same = repeats((name,), values)
    smallest = {n: min(one[1:] for one in table if one[0] == n) for n, _, _ in table}
    ordered = [shuffled[i] for i in same.order]
    assert [one for one, kept in zip(ordered, same.kept, strict=True) if kept] == [
        (n, *smallest[n]) for n in sorted(smallest)
    ]
    assert same.differs.tolist() == [one[1:] != smallest[one[0]] for one in ordered]
    assert same.sizes.tolist() == [sum(one[0] == n for one in table) for n in sorted(smallest)]
