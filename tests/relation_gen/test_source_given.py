"""Negatives from a list: which are taken, what their probability is, what becomes of each row."""

import itertools

import pytest

from relation.core.errors import DataError
from tests.relation_gen.helpers import row
from tests.relation_gen.helpers_cases import check_entities, grouped, make, recipe, schema

USER, ITEM = schema(id=int), schema(id=bytes, x=float)
BOUGHT = (schema(user=int, item=bytes, stars=float), "{left: {entity: user, id: user}, right: "
          "{entity: item, id: item}, value: stars}")  # fmt: skip
MINED = (
    schema(user=int, item=bytes, p=float),
    "{left: {entity: user, id: user}, right: {entity: item, id: item}}",
)
GIVEN = "negatives: {draw: given, edges: mined, probability: p}"
RELATION = (
    "{type: %s, source: {type: edges, edges: bought, label: scalar, positive_from: 3}, seed: 4, "
    "sampling: {%s, " + GIVEN + "}}"
)
ITEMS = [row(id=item.encode(), x=1.0) for item in "abcdefgh"]
USERS = {"train": [row(id=n) for n in (1, 2, 3, 4)], "eval": [row(id=9)]}
TRUTH = [(1, "a", 5.0), (1, "b", 4.0), (1, "c", 1.0), (2, "a", 3.0), (3, "b", 2.0), (9, "a", 5.0)]
"""User 3 has no positive, user 4 no edge; to user 1 item c is no positive."""
TABLE = [
    (1, "c", 0.5), (1, "d", 0.25), (1, "e", 0.125), (1, "a", 0.5),
    (2, "d", 1.0), (3, "e", 0.5), (4, "f", 0.5), (9, "h", 0.75), (9, "a", 0.75),
]  # fmt: skip


def edges(rows):
    return [row(user=user, item=item.encode(), stars=stars) for user, item, stars in rows]


def table(rows):
    return [row(user=user, item=item.encode(), p=p) for user, item, p in rows]


def run(folder, kind, counts, given, data="split: {shared: [item]}"):
    loaded = recipe(
        folder,
        RELATION % (kind, counts),
        {"user": USER, "item": ITEM},
        {"bought": BOUGHT, "mined": MINED},
        data,
    )
    inputs = {"user": USERS, "item": {"": ITEMS}, "bought": {"": edges(TRUTH)}}
    return make(loaded, {**inputs, "mined": {"": given}}, folder)


def test_triplets_take_the_negatives_that_are_given_with_their_probability(tmp_path):
    made = run(tmp_path, "triplets", "triplets_per_anchor: all", table(TABLE))
    actual = {
        (one["anchor_id"], one["positive_id"]): (one["negative_id"], one["negative_prob"])
        for one in made.tuples()
    }
    given = {(user, item.encode()): p for user, item, p in TABLE}
    assert set(actual) == {(1, b"a"), (1, b"b"), (2, b"a")}
    assert all(given[user, item] == p for (user, _), (item, p) in actual.items())
    assert actual[2, b"a"] == (b"d", 1.0)
    taken = {actual[1, positive][0] for positive in (b"a", b"b")}
    assert len(taken) == 2  # Distinct,
    assert taken < {b"c", b"d", b"e"}  # and none is the known positive a.
    assert made.of()["shortfall"] == {}
    (held,) = made.tuples("eval")
    assert (held["anchor_id"], held["negative_id"], held["negative_prob"]) == (9, b"h", 0.75)
    assert made.stats["inputs"]["mined"] == {
        "rows_read": 9,
        "rows_used": 6,
        "rows_skipped": 3,
        "skipped": {"known_positive": 2, "no_anchor": 1},
        "noted": {},
    }
    check_entities(made)


def test_pairs_and_what_is_lacking(tmp_path):
    """A pair is there whatever its value, so no given negative repeats it: c and user 1."""
    made = run(
        tmp_path, "pairs", "positives_per_anchor: all, negatives_per_anchor: 3", table(TABLE)
    )
    drawn = {
        (one["left_id"], one["right_id"], one["negative_prob"])
        for one in made.tuples()
        if "negative_prob" in one
    }
    assert drawn == {(1, b"d", 0.25), (1, b"e", 0.125), (2, b"d", 1.0), (3, b"e", 0.5)}
    assert all(one["relation"] == 0 for one in made.tuples() if "negative_prob" in one)
    assert made.of()["shortfall"] == {"too_few_negatives": 5}
    assert made.stats["inputs"]["mined"]["skipped"] == {"known_positive": 3, "no_anchor": 1}


def test_ntuples_have_several_each_once(tmp_path):
    given = table([(1, item, p / 8) for p, item in enumerate("cdefgh", 1)] + TABLE[4:5])
    given += table([(9, "g", 0.5), (9, "h", 0.25)])
    made = run(tmp_path, "ntuples", "tuples_per_anchor: 2, negatives_per_tuple: 2", given)
    actual = grouped(made.tuples(), "anchor_id")
    assert {anchor: len(tuples) for anchor, tuples in actual.items()} == {1: 2}
    members = [one[f"negative_{i}_id"] for one in actual[1] for i in (0, 1)]
    assert len(set(members)) == 4
    for one in actual[1]:
        wanted = [("cdefgh".index(one[f"negative_{i}_id"].decode()) + 1) / 8 for i in (0, 1)]
        assert one["negative_prob"] == wanted
    assert made.of()["shortfall"] == {"no_positive": 2, "too_few_negatives": 2}
    assert made.of("eval")["shortfall"] == {"too_few_negatives": 1}


def test_rows_that_cannot_be_used_are_skipped_and_counted_as_edges_are(tmp_path):
    bad = [
        row(user=1, item=b"nothing", p=0.5),
        row(user=77, item=b"f", p=0.5),
        row(user=1, item=b"f", p=0.5),
        row(user=1, item=b"f", p=0.5),
        row(user=1, item=b"f", p=0.25),
        row(item=b"f", p=0.5),
        row(user=1, p=0.5),
        row(user=1, item=b"g"),
        row(user=1, item=b"g", p=float("nan")),
        row(user=1, item=b"g", p=0.0),
        row(user=1, item=b"g", p=1.5),
    ]
    data = "{split: {shared: [item]}, bad_rows: skip}"
    made = run(tmp_path, "pairs", "negatives_per_anchor: 9", [*table(TABLE), *bad], data)
    assert made.stats["inputs"]["mined"]["skipped"] == {
        "conflicting_edge": 2,
        "dangling_edge": 2,
        "known_positive": 3,
        "nan": 1,
        "no_anchor": 1,
        "no_left_id": 1,
        "no_probability": 1,
        "no_right_id": 1,
        "probability_not_in_0_1": 2,
    }
    probability = {
        one["right_id"]: one["negative_prob"]
        for one in made.tuples()
        if one["left_id"] == 1 and "negative_prob" in one
    }
    assert probability == {b"d": 0.25, b"e": 0.125, b"f": 0.25}  # Of two values the smaller.


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"p": 1.5}, "probability_not_in_0_1 1 (ids '1 -> f: 1.5')"),
        ({"p": 0.0}, "probability_not_in_0_1 1 (ids '1 -> f: 0')"),
        ({"p": -0.5}, "probability_not_in_0_1 1 (ids '1 -> f: -0.5')"),
        ({}, "no_probability 1 (ids '1 -> f')"),
    ],
)
def test_a_probability_that_is_none_stops_the_run(tmp_path, bad, told):
    with pytest.raises(DataError) as caught:
        run(tmp_path, "pairs", "negatives_per_anchor: 1", [row(user=1, item=b"f", **bad)])
    assert told in str(caught.value)


NUMBER = schema(id=bytes, label=(int, 2))
LINK = (
    schema(a=bytes, b=bytes, p=float),
    "{left: {entity: item, id: a}, right: {entity: item, id: b}}",
)


def links(rows):
    return [row(a=a.encode(), b=b.encode(), p=p) for a, b, p in rows]


@pytest.mark.parametrize("several", [False, True])
def test_labels_and_what_shares_one(tmp_path, several):
    """Items 0 to 5 have the labels 0, 0, 1, 1, 2, 2; with several, item 5 has 0 too."""
    rows = {
        split: [
            row(
                id=f"{split[0]}{n}".encode(),
                label=[n // 2, 0] if several and n == 5 else [n // 2],
            )
            for n in range(6)
        ]
        for split in ("train", "eval")
    }
    given = [(f"{s}{a}", f"{s}{b}", 0.5) for s in "te" for a, b in ((0, 1), (0, 2), (0, 5), (2, 4))]
    given += [("t3", "e0", 0.5), ("t3", "t3", 0.5)]
    loaded = recipe(
        tmp_path,
        "{type: triplets, source: {type: same_label, feature: label}, sampling: "
        "{triplets_per_anchor: 2, " + GIVEN + "}}",
        {"item": NUMBER if several else schema(id=bytes, label=int)},
        {"mined": LINK},
        "bad_rows: skip",
    )
    made = make(loaded, {"item": rows, "mined": {"": links(given)}}, tmp_path)
    for split in ("train", "eval"):
        actual = [(one["anchor_id"], one["negative_id"]) for one in made.tuples(split)]
        s = split[0]
        usable = [(0, 2), (2, 4)] if several else [(0, 2), (0, 5), (2, 4)]
        assert sorted(actual) == [(f"{s}{a}".encode(), f"{s}{b}".encode()) for a, b in usable]
        assert all(one["negative_prob"] == 0.5 for one in made.tuples(split))
        assert made.of(split)["shortfall"] == {"too_few_negatives": 12 - len(usable)}
    assert made.stats["inputs"]["mined"]["skipped"] == {
        "across_splits": 1,
        "known_positive": 4 if several else 2,
        "self_edge": 1,
    }


def test_an_examples_own_labels(tmp_path):
    loaded = recipe(
        tmp_path,
        "{type: pairs, source: {type: labels, feature: tags}, "
        "sampling: {positives_per_anchor: all, " + GIVEN + "}}",
        {"item": schema(id=bytes, tags=(["p", "q", "r"], 3)), "tag": schema(id=bytes)},
        {
            "mined": (
                schema(item=bytes, tag=bytes, p=float),
                "{left: {entity: item, id: item}, right: {entity: tag, id: tag}}",
            )
        },
        read=["item"],
    )
    rows = {split: [row(id=split.encode(), tags=[b"p", b"q"])] for split in ("train", "eval")}
    given = [
        row(item=split.encode(), tag=tag, p=0.5)
        for split, tag in itertools.product(rows, (b"q", b"r"))
    ]
    made = make(loaded, {"item": rows, "mined": {"": given}}, tmp_path)
    for split in rows:
        actual = {(one["right_id"], one.get("negative_prob")) for one in made.tuples(split)}
        assert actual == {(b"p", None), (b"q", None), (b"r", 0.5)}
    assert made.stats["inputs"]["mined"]["skipped"] == {"known_positive": 2}
