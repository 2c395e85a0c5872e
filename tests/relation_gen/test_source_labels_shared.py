"""`same_label`: tuples against a brute-force oracle over the rows."""

import random

import pytest

from components.relation_gen.index import shard
from tests.relation_gen.helpers import as_dict, row
from tests.relation_gen.helpers_cases import (
    check_entities,
    close,
    grouped,
    listed,
    make,
    recipe,
    schema,
)

SHOPS = [b"north", b"south"]
ITEM = schema(id=bytes, label=int, shop=bytes, sold=float, w=float, x=(float, 3))
TAGGED = schema(id=bytes, label=(bytes, 3), shop=bytes, sold=float, w=float)


def single(split: str, count: int) -> list[bytes]:
    """Labels 0 to 3 of different sizes, and one that a single row has."""
    draw = random.Random(split)
    labels = [min(int(draw.random() * draw.random() * 5), 3) for _ in range(count - 1)] + [9]
    return [
        row(
            id=f"{split}-{n}".encode(),
            label=label,
            shop=SHOPS[n % 2],
            sold=float(n % 4),
            w=n / 4 + 0.25,
            x=[n / 3.0, -1.0],
        )
        for n, label in enumerate(labels)
    ]


def several(split: str, count: int) -> list[bytes]:
    draw = random.Random(split)
    tags = [b"a", b"b", b"c", b"d", b"e"]
    return [
        row(
            id=f"{split}-{n}".encode(),
            label=draw.sample(tags, draw.choice([1, 1, 2, 3])),
            shop=SHOPS[n % 2],
            sold=float(n % 4),
            w=1.0,
        )
        for n in range(count)
    ]


class Oracle:
    """All that is true of the rows of a split."""

    def __init__(self, rows, negatives):
        self.rows = {one["id"]: one for one in map(as_dict, rows)}
        self.negatives = negatives

    def labels(self, key):
        return set(listed(self.rows[key]["label"]))

    def positives(self, key):
        return {o for o in self.rows if o != key and self.labels(o) & self.labels(key)}

    def weight(self, key):
        draw = self.negatives.get("draw", "uniform")
        if draw == "groups":
            mine = listed(self.rows[key]["label"])
            same = sum(sorted(listed(o["label"])) == sorted(mine) for o in self.rows.values())
            return shard.UNIT // same  # Weights are integers, so that sums depend on no order.
        if draw == "popularity":
            return round(self.rows[key]["sold"] ** self.negatives.get("alpha", 0.75) * 2**20)
        return 1

    def candidates(self, key):
        """Weights of all that may be drawn as a negative."""
        where, mine = self.negatives.get("where", "anywhere"), self.rows[key]["shop"]
        fit = {"anywhere": lambda s: True, "within": mine.__eq__, "outside": mine.__ne__}[where]
        return {
            o: self.weight(o)
            for o, one in self.rows.items()
            if not self.labels(o) & self.labels(key) and fit(one["shop"])
        }

    def most(self, key):
        """How many distinct negatives can be had."""
        weights = self.candidates(key)
        if self.negatives.get("draw", "uniform") == "uniform":
            return len(weights)
        return sum(weights.values()) // max(weights.values(), default=1)


NEGATIVES = {
    "uniform": {},
    "groups": {"draw": "groups"},
    "popularity": {"draw": "popularity", "feature": "sold", "alpha": 0.5},
    "within": {"where": "within", "group": "shop"},
    "outside": {"where": "outside", "group": "shop"},
}


def check_negatives(oracle, anchor, drawn, probabilities):
    assert len(set(drawn)) == len(drawn)
    weights = oracle.candidates(anchor)
    total = sum(weights.values())
    assert set(drawn) <= {key for key, weight in weights.items() if weight}
    assert close(probabilities, [weights[key] / total for key in drawn])


@pytest.mark.parametrize(
    ("kind", "rows", "draw"),
    [
        ("pairs", single, "popularity"),
        ("pairs", several, "uniform"),
        ("triplets", single, "within"),
        ("triplets", several, "outside"),
        ("ntuples", single, "groups"),
        ("ntuples", several, "within"),
    ],
)
def test_every_tuple_is_one_that_the_rows_allow(tmp_path, kind, rows, draw):
    sampling = {
        "pairs": "positives_per_anchor: 2, negatives_per_anchor: 3, weight: w",
        "triplets": "triplets_per_anchor: 3",
        "ntuples": "tuples_per_anchor: 2, positives_per_tuple: 2, negatives_per_tuple: 2",
    }[kind]
    negatives = NEGATIVES[draw]
    loaded = recipe(
        tmp_path,
        f"{{type: {kind}, source: {{type: same_label, feature: label}}, seed: 3, "
        f"sampling: {{{sampling}, negatives: {negatives}}}}}",
        {"item": ITEM if rows is single else TAGGED},
    )
    made = make(loaded, {"item": {"train": rows("train", 40), "eval": rows("eval", 15)}}, tmp_path)
    for split in ("train", "eval"):
        oracle = Oracle(made.inputs["item"][split], negatives)
        actual = made.tuples(split)
        short = {"no_positive": 0, "too_few_positives": 0, "too_few_negatives": 0}
        by_anchor = grouped(actual, "left_id" if kind == "pairs" else "anchor_id")
        for anchor in oracle.rows:
            CHECKS[kind](oracle, anchor, by_anchor.get(anchor, []), short)
        assert made.of(split)["shortfall"] == {k: v for k, v in short.items() if v}
        asked = {"pairs": 5, "triplets": 3, "ntuples": 2}[kind] * len(oracle.rows)
        assert made.of(split)["tuples_requested"] == asked
        assert len(actual) == asked - sum(short.values())
        assert made.of(split)["rows_used"] == len(oracle.rows)
    check_entities(made)


def check_pairs(oracle, anchor, found, short):
    positives = [one for one in found if one["relation"] == 1]
    negatives = [one for one in found if one["relation"] == 0]
    assert len(positives) + len(negatives) == len(found)
    possible = oracle.positives(anchor)
    assert len(positives) == min(2, len(possible))
    assert len({one["right_id"] for one in positives}) == len(positives)
    assert {one["right_id"] for one in positives} <= possible
    assert not any("negative_prob" in one for one in positives)
    assert all(close(one["relation_weight"], oracle.rows[anchor]["w"]) for one in found)
    assert len(negatives) == min(3, oracle.most(anchor))
    drawn = [one["right_id"] for one in negatives]
    check_negatives(oracle, anchor, drawn, [one["negative_prob"] for one in negatives])
    short["no_positive" if not possible else "too_few_positives"] += 2 - len(positives)
    short["too_few_negatives"] += 3 - len(negatives)


def check_triplets(oracle, anchor, found, short):
    possible, most = oracle.positives(anchor), oracle.most(anchor)
    assert len(found) == (min(3, most) if possible else 0)
    assert {one["positive_id"] for one in found} <= possible
    # Each positive is used before any is used again.
    if found:
        assert len({one["positive_id"] for one in found}) == min(len(found), len(possible))
    drawn = [one["negative_id"] for one in found]
    check_negatives(oracle, anchor, drawn, [one["negative_prob"] for one in found])
    if not possible:
        short["no_positive"] += 3
    else:
        short["too_few_negatives"] += 3 - len(found)


def check_ntuples(oracle, anchor, found, short):
    possible, most = oracle.positives(anchor), oracle.most(anchor)
    drawn, probabilities = [], []
    for one in found:
        mine = [one["positive_0_id"], one["positive_1_id"]]
        assert len(set(mine)) == 2
        assert set(mine) <= possible
        drawn += [one["negative_0_id"], one["negative_1_id"]]
        probabilities += one["negative_prob"]
    check_negatives(oracle, anchor, drawn, probabilities)
    if len(possible) < 2:
        assert not found
        short["no_positive" if not possible else "too_few_positives"] += 2
    else:
        assert len(found) == min(2, most // 2)
        short["too_few_negatives"] += 2 - len(found)


CHECKS = {"pairs": check_pairs, "triplets": check_triplets, "ntuples": check_ntuples}
