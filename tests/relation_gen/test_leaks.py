"""What training would know of evaluation: each kind of leak is planted, and found."""

import random

import pytest

from relation.core.errors import DataError
from tests.relation_gen.helpers import as_dict, row
from tests.relation_gen.helpers_cases import make, recipe, schema

ITEM = schema(id=bytes, label=int, x=float)
PAIRS = "{type: pairs, source: {type: same_label, feature: label}}"


def items(split: str, count: int) -> list[bytes]:
    offset = {"train": 0.0, "eval": 0.5}[split]
    return [row(id=f"{split}-{n}".encode(), label=n % 2, x=n + offset) for n in range(count)]


def linked(folder, data="", shared=()):
    return recipe(
        folder,
        "{type: pairs, source: {type: edges, edges: link}, sampling: {positives_per_anchor: all}}",
        {"user": schema(id=bytes), "item": ITEM},
        {
            "link": (
                schema(u=bytes, i=bytes),
                "{left: {entity: user, id: u}, right: {entity: item, id: i}}",
            )
        },
        data,
    )


def users(split: str, count: int) -> list[bytes]:
    return [row(id=f"{split}-{n}".encode()) for n in range(count)]


def test_an_id_in_two_splits_stops_the_run_and_is_named(tmp_path):
    inputs = {
        "item": {
            "train": items("train", 9),
            "eval": [*items("eval", 5), *items("train", 9)[2:7], items("train", 3)[2]],
        }
    }
    with pytest.raises(DataError) as caught:
        make(recipe(tmp_path, PAIRS, {"item": ITEM}), inputs, tmp_path)
    assert str(caught.value) == (
        "entity type 'item': 5 ids are in several splits (ids 'train-2', 'train-3', 'train-4', …); "
        "the model would be evaluated on entities that it was trained on: split by another unit, "
        "or set data.split.shared: [item]"
    )
    assert list((tmp_path / "out").iterdir()) == []


def test_an_id_in_two_splits_stops_the_run_of_skipped_rows_too(tmp_path):
    inputs = {
        "item": {"train": items("train", 9), "eval": [*items("eval", 5), items("train", 1)[0]]}
    }
    loaded = recipe(tmp_path, PAIRS, {"item": ITEM}, data="bad_rows: skip")
    with pytest.raises(DataError, match="1 ids are in several splits"):
        make(loaded, inputs, tmp_path)


def test_what_is_declared_shared_is_counted(tmp_path):
    """Items are in both splits: the second eval item has the id of a training item."""
    given = {"train": items("train", 6), "eval": [*items("eval", 2), *items("train", 3)]}
    links = {
        "train": [row(u=b"train-%d" % n, i=b"train-%d" % n) for n in range(3)],
        "eval": [row(u=b"eval-%d" % n, i=b"train-%d" % n) for n in range(3)],
    }
    inputs = {"user": {s: users(s, 4) for s in links}, "item": given, "link": links}
    made = make(linked(tmp_path, "split: {shared: [item]}"), inputs, tmp_path)
    assert [made.of(split)["positives"] for split in links] == [3, 3]
    counts = made.stats["inputs"]["item"]
    assert (counts["rows_read"], counts["rows_used"]) == (11, 8)
    assert counts["skipped"] == {"duplicate_id": 3}
    assert made.stats["entities"] == {"train": 4 + 8}


@pytest.mark.parametrize("bad_rows", ["fail", "skip"])
def test_edges_across_splits_are_no_tuples(tmp_path, bad_rows):
    links = [row(u=b"train-%d" % n, i=b"train-%d" % n) for n in range(3)]
    links += [row(u=b"eval-%d" % n, i=b"eval-%d" % n) for n in range(3)]
    links += [row(u=b"train-1", i=b"eval-1"), row(u=b"eval-0", i=b"train-0")]
    inputs = {
        "user": {s: users(s, 4) for s in ("train", "eval")},
        "item": {s: items(s, 5) for s in ("train", "eval")},
        "link": {"": links},
    }
    loaded = linked(tmp_path, f"bad_rows: {bad_rows}")
    if bad_rows == "fail":
        with pytest.raises(DataError) as caught:
            make(loaded, inputs, tmp_path)
        assert "across_splits 2 (ids 'eval-0 -> train-0', 'train-1 -> eval-1')" in str(caught.value)
        return
    made = make(loaded, inputs, tmp_path)
    counts = made.stats["inputs"]["link"]
    assert counts["skipped"] == {"across_splits": 2}
    assert (counts["rows_read"], counts["rows_used"]) == (8, 6)
    for split in ("train", "eval"):
        for one in made.tuples(split):
            assert one["left_id"].startswith(split.encode())
            assert one["right_id"].startswith(split.encode())


def test_a_file_that_gives_an_edge_another_split_than_its_ends_have(tmp_path):
    links = {
        "train": [row(u=b"train-0", i=b"train-0"), row(u=b"eval-1", i=b"eval-1")],
        "eval": [row(u=b"eval-0", i=b"eval-0")],
    }
    inputs = {
        "user": {s: users(s, 4) for s in links},
        "item": {s: items(s, 5) for s in links},
        "link": links,
    }
    made = make(linked(tmp_path, "bad_rows: skip"), inputs, tmp_path)
    assert made.stats["inputs"]["link"]["skipped"] == {"across_splits": 1}
    assert [made.of(split)["positives"] for split in links] == [1, 1]


def test_equal_content_under_different_ids_is_counted(tmp_path):
    """Also where equal rows have a third copy in one split; not within a split."""
    copies = [as_dict(one) for one in items("train", 9)]
    planted = [
        row(id=b"copy-%d" % n, label=copies[n]["label"], x=copies[n]["x"]) for n in (1, 4, 4, 7)
    ]
    planted[2] = row(id=b"other", label=copies[4]["label"], x=copies[4]["x"])
    within = [row(id=b"w%d" % n, label=1, x=77.0) for n in range(2)]
    inputs = {
        "item": {"train": [*items("train", 9), *within], "eval": [*items("eval", 5), *planted]}
    }
    made = make(recipe(tmp_path, PAIRS, {"item": ITEM}), inputs, tmp_path)
    assert made.stats["audit"] == {
        "ids_in_several_splits": {},
        "equal_content_in_several_splits": {"item": 3},
    }


@pytest.mark.parametrize(
    "relation",
    [
        "{type: triplets, source: {type: same_label, feature: label}}",
        "{type: scored_pairs, source: {type: function, function: tests.relation_gen.test_leaks.one}}",
        "{type: ranked_pairs, source: {type: graded_group, group: label, grade: x}}",
    ],
)
def test_tuples_never_mix_splits(tmp_path, relation):
    inputs = {"item": {split: items(split, 20) for split in ("train", "eval")}}
    made = make(recipe(tmp_path, relation, {"item": ITEM}), inputs, tmp_path)
    for split in ("train", "eval"):
        actual = made.tuples(split)
        assert actual
        for tuple_ in actual:
            ids = [value for name, value in tuple_.items() if name.endswith("_id")]
            assert all(value.startswith(split.encode()) for value in ids)


SHARED = "split: {shared: [item]%s}"
BOTH = "{left: {entity: item, id: a}, right: {entity: item, id: b}}"


@pytest.fixture(scope="module")
def everywhere():
    """Items that are in every split, so that it is their edges that are split."""
    draw = random.Random(1)
    links = [
        row(a=b"train-%d" % draw.randrange(9), b=b"train-%d" % (9 + draw.randrange(9)), day=n % 7)
        for n in range(60)
    ]
    return {"item": {"": items("train", 18)}, "link": {"": links}}


def edges_of_shared(folder, source, split):
    return recipe(
        folder,
        f"{{type: pairs, source: {{type: edges, edges: link{source}}}, "
        "sampling: {positives_per_anchor: all, negatives_per_anchor: 0}}",
        {"item": ITEM},
        {"link": (schema(a=bytes, b=bytes, day=int), BOTH)},
        SHARED % split,
    )


def ends(made, split):
    return {(one["left_id"], one["right_id"]) for one in made.tuples(split)}


def test_both_directions_of_an_edge_are_in_one_split(tmp_path, everywhere):
    made = make(edges_of_shared(tmp_path, ", symmetric: true", ""), everywhere, tmp_path)
    train, held = ends(made, "train"), ends(made, "eval")
    assert train
    assert held
    assert not {frozenset(pair) for pair in train} & {frozenset(pair) for pair in held}


def test_edges_of_shared_entities_are_split_by_their_group(tmp_path, everywhere):
    split = ", unit: group, feature: day"
    made = make(edges_of_shared(tmp_path, ", repeated: keep", split), everywhere, tmp_path)
    days = {}
    for link in map(as_dict, everywhere["link"][""]):
        days.setdefault(link["day"], set()).add((link["a"], link["b"]))
    train, held = ends(made, "train"), ends(made, "eval")
    sides = [(pairs <= train, pairs <= held) for pairs in days.values()]
    assert all(any(side) for side in sides)
    assert {True} == {side[0] or side[1] for side in sides}
    assert len({side[0] for side in sides}) == 2


def one(left, right):
    return left["x"][:, 0] - right["x"][:, 0]
