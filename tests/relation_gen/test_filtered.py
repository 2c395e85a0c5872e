"""Entities that both splits share: which known positives are no negatives, by brute force."""

import itertools
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest

from components.common.columns import Strings
from components.relation_gen.batches import FilteredEdges
from components.relation_gen.index.shard import UNIT
from components.relation_gen.sampling import edges as sampling
from components.relation_gen.stats.summary import summary
from relation import compiled
from tests.relation_gen.helpers import row
from tests.relation_gen.helpers_cases import close, grouped, listed, make, recipe, schema
from tests.relation_gen.planned import key_of

ITEM = schema(id=bytes, kind=bytes)
USER = schema(id=int, age=float)
ONE = "{left: {entity: item, id: from}, right: {entity: item, id: to}%s}"
TWO = "{left: {entity: user, id: user}, right: {entity: item, id: item}%s}"
KINDS = [b"book", b"game"]
ITEMS = [b"i%d" % n for n in range(24)]
KIND = {item: KINDS[n % 2] for n, item in enumerate(ITEMS)}
ALL_NEGATIVES = "negatives_per_anchor: 30"


def edges_of(seed: int, count: int, value: bool = False) -> list[tuple[bytes, bytes, int]]:
    draw = random.Random(seed)
    found: dict[tuple[bytes, bytes], int] = {}
    while len(found) < count:
        left, right = (ITEMS[int(draw.random() ** 2 * 24)] for _ in range(2))
        if left != right:
            found[left, right] = draw.randrange(2) if value else 1
    return [(left, right, said) for (left, right), said in found.items()]


def run(folder, relation, by_split, value="", shared="[item]"):
    columns = {"from": bytes, "to": bytes} | ({"said": int} if value else {})
    loaded = recipe(
        folder,
        relation,
        {"item": ITEM},
        {"link": (schema(**columns), ONE % value)},
        f"split: {{shared: {shared}}}",
    )
    rows = {
        split: [
            row(**{"from": left, "to": right} | ({"said": said} if value else {}))
            for left, right, said in edges
        ]
        for split, edges in by_split.items()
    }
    items = [row(id=item, kind=KIND[item]) for item in ITEMS]
    return make(loaded, {"item": {"": items}, "link": rows}, folder)


def weights(draw: str, edges) -> dict[bytes, int]:
    if draw == "uniform":
        return dict.fromkeys(ITEMS, 1)
    if draw == "groups":
        return dict.fromkeys(ITEMS, UNIT // 12)
    times = Counter(right for _, right, _ in edges)
    return {item: round(count**0.75 * 2**20) for item, count in times.items()}


@pytest.mark.parametrize(
    "negatives",
    [
        {"draw": "uniform"},
        {"draw": "popularity"},
        {"draw": "groups", "group": "kind"},
        {"draw": "uniform", "where": "within", "group": "kind"},
        {"draw": "popularity", "where": "outside", "group": "kind"},
    ],
)
@pytest.mark.parametrize("kind", ["pairs", "triplets"])
def test_no_negative_of_evaluation_is_a_positive_of_any_split(tmp_path, negatives, kind):
    edges = {"train": edges_of(1, 90), "eval": edges_of(2, 40)}
    if negatives == {"draw": "uniform"}:
        edges["test"] = edges_of(3, 40)
    chosen = ", ".join(f"{name}: {value}" for name, value in negatives.items())
    counts = {
        "pairs": "positives_per_anchor: all, negatives_per_anchor: 3",
        "triplets": "triplets_per_anchor: 3",
    }[kind]
    made = run(
        tmp_path,
        f"{{type: {kind}, source: {{type: edges, edges: link}}, seed: 3, "
        f"sampling: {{{counts}, negatives: {{{chosen}}}}}}}",
        edges,
        shared="[item], test: 1" if "test" in edges else "[item]",
    )
    anchor, other = ("left", "right") if kind == "pairs" else ("anchor", "negative")
    where = negatives.get("where", "anywhere")
    drawn_from: Counter[str] = Counter()
    for split, mine in edges.items():
        left_out = edges["train"] if split == "train" else [*itertools.chain(*edges.values())]
        weight = weights(negatives["draw"], mine)
        tuples = [t for t in made.tuples(split) if kind == "triplets" or t["relation"] == 0]
        assert {t[f"{anchor}_id"] for t in tuples} <= {left for left, _, _ in mine}
        assert len(tuples) > 20
        for one in tuples:
            source, negative = one[f"{anchor}_id"], one[f"{other}_id"]
            related = {right for left, right, _ in left_out if left == source}
            free = {
                item: w
                for item, w in weight.items()
                if item not in related | {source}
                and (where == "anywhere" or (KIND[item] == KIND[source]) == (where == "within"))
            }
            assert negative in free, (split, source, negative)
            assert close(one["negative_prob"], free[negative] / sum(free.values()))
            elsewhere = {right for left, right, _ in edges["eval"] if left == source}
            drawn_from[split] += negative in elsewhere
    # Never to draw a positive of evaluation would tell training the answer.
    assert drawn_from["train"] > 0
    assert drawn_from["eval"] == 0


def test_all_that_is_left_is_drawn(tmp_path):
    """Each anchor asks for more negatives than there are, and gets every one that is free."""
    edges = {"train": edges_of(1, 90), "eval": edges_of(2, 40)}
    made = run(
        tmp_path,
        "{type: pairs, source: {type: edges, edges: link}, "
        f"sampling: {{positives_per_anchor: 1, {ALL_NEGATIVES}}}}}",
        edges,
    )
    for split, left_out in (("train", edges["train"]), ("eval", [*edges["train"], *edges["eval"]])):
        by_anchor = grouped(made.tuples(split), "left_id")
        assert set(by_anchor) == {left for left, _, _ in edges[split]}
        for anchor, tuples in by_anchor.items():
            related = {right for left, right, _ in left_out if left == anchor}
            drawn = {one["right_id"] for one in tuples if one["relation"] == 0}
            assert drawn == set(ITEMS) - related - {anchor}
            positives = [one["right_id"] for one in tuples if one["relation"] == 1]
            assert positives
            assert {(anchor, right, 1) for right in positives} <= set(edges[split])


def test_training_knows_nothing_of_the_edges_of_evaluation(tmp_path):
    relation = (
        "{type: ntuples, source: {type: edges, edges: link}, seed: 1, sampling: {"
        "tuples_per_anchor: 2, negatives_per_tuple: 3, known_positives: 2}}"
    )
    made = [
        run(tmp_path / str(n), relation, {"train": edges_of(1, 90), "eval": edges_of(seed, 30)})
        for n, seed in enumerate((2, 3))
    ]
    first, second = ([sorted(t.items()) for t in one.tuples("train")] for one in made)
    assert first == second
    assert made[0].tuples("eval") != made[1].tuples("eval")


@pytest.mark.parametrize("kind", ["pairs", "triplets"])
def test_a_pair_that_training_calls_unrelated_may_be_a_negative_of_a_triplet(tmp_path, kind):
    """Of valued pairs every stated pair is known, of tuples the positives of other splits alone."""
    edges = {"train": edges_of(1, 120, value=True), "eval": edges_of(2, 50, value=True)}
    counts = {"pairs": ALL_NEGATIVES, "triplets": "triplets_per_anchor: 30"}[kind]
    made = run(
        tmp_path,
        f"{{type: {kind}, source: {{type: edges, edges: link}}, sampling: {{{counts}}}}}",
        edges,
        ", value: said",
    )
    anchor, other = ("left", "right") if kind == "pairs" else ("anchor", "negative")
    tuples = [t for t in made.tuples("eval") if kind == "triplets" or "negative_prob" in t]
    by_anchor = grouped(tuples, f"{anchor}_id")
    assert by_anchor
    unrelated = 0
    for source, mine in by_anchor.items():
        known = {
            right
            for split, edges_ in edges.items()
            for left, right, said in edges_
            if left == source and (said or kind == "pairs" or split == "eval")
        }
        drawn = {one[f"{other}_id"] for one in mine}
        assert drawn == set(ITEMS) - known - {source}
        unrelated += len(drawn & {r for left, r, said in edges["train"] if left == source})
    assert (unrelated > 0) == (kind == "triplets")


def test_listed_negatives_repeat_no_positive_of_any_split(tmp_path):
    loaded = recipe(
        tmp_path,
        "{type: pairs, source: {type: edges, edges: link}, sampling: {positives_per_anchor: all, "
        "negatives_per_anchor: 5, negatives: {draw: given, edges: hard, probability: p}}}",
        {"item": ITEM},
        {
            "link": (schema(**{"from": bytes, "to": bytes}), ONE % ""),
            "hard": (schema(**{"from": bytes, "to": bytes, "p": float}), ONE % ""),
        },
        "split: {shared: [item]}",
    )
    edges = {"train": [(b"i0", b"i1")], "eval": [(b"i0", b"i2")]}
    hard = [(b"i0", b"i1"), (b"i0", b"i2"), (b"i0", b"i3")]
    inputs = {
        "item": {"": [row(id=item, kind=KIND[item]) for item in ITEMS]},
        "link": {
            split: [row(**{"from": left, "to": right}) for left, right in mine]
            for split, mine in edges.items()
        },
        "hard": {
            split: [row(**{"from": left, "to": right, "p": 0.5}) for left, right in hard]
            for split in edges
        },
    }
    made = make(loaded, inputs, tmp_path)
    drawn = {
        split: {t["right_id"] for t in made.tuples(split) if t["relation"] == 0} for split in edges
    }
    assert drawn == {"train": {b"i2", b"i3"}, "eval": {b"i3"}}


def test_ids_of_other_splits_travel_with_evaluation_alone(tmp_path, monkeypatch):
    """Two shared types: at most so many ids, those first that are most often positives here."""
    monkeypatch.setattr(sampling, "MAX_FILTERED_IDS", 2)
    loaded = recipe(
        tmp_path,
        "{type: pairs, source: {type: edges, edges: bought}, sampling: {positives_per_anchor: all, "
        "negatives_per_anchor: 0}}",
        {"user": USER, "item": ITEM},
        {"bought": (schema(user=int, item=bytes), TWO % "")},
        "split: {shared: [user, item]}",
    )
    bought = {
        "train": [(7, b"i1"), (7, b"i2"), (7, b"i3"), (7, b"i4"), (8, b"i1"), (9, b"i5")],
        "eval": [(7, b"i5"), (8, b"i3"), (8, b"i4"), (9, b"i4"), (9, b"i5"), (10, b"i4")],
    }
    inputs = {
        "user": {"": [row(id=n, age=1.0) for n in range(7, 11)]},
        "item": {"": [row(id=item, kind=KIND[item]) for item in ITEMS]},
        "bought": {
            split: [row(user=user, item=item) for user, item in pairs]
            for split, pairs in bought.items()
        },
    }
    made = make(loaded, inputs, tmp_path)
    carried = {
        split: {t["left_id"]: listed(t.get("filtered_ids", [])) for t in made.tuples(split)}
        for split in bought
    }
    assert carried["train"] == {7: [], 8: [], 9: []}
    # i4 is three times a positive of evaluation, i3 once, i1 and i2 never.
    assert carried["eval"] == {7: [b"i4", b"i3"], 8: [b"i1"], 9: [b"i5"], 10: []}
    assert made.of("train")["negatives_leave_out_positives_of"] == ["train"]
    assert made.of("eval")["negatives_leave_out_positives_of"] == ["train", "eval"]
    lines = {line.split(":")[0]: line for line in summary(made.stats)}
    assert lines["train"].endswith("; no known positive of train is a negative")
    assert lines["eval"].endswith("; no known positive of train or eval is a negative")


def test_where_one_end_is_split_nothing_is_filtered(tmp_path):
    loaded = recipe(
        tmp_path,
        "{type: pairs, source: {type: edges, edges: bought}}",
        {"user": USER, "item": ITEM},
        {"bought": (schema(user=int, item=bytes), TWO % "")},
        "split: {shared: [item]}",
    )
    assert not loaded.compiled.filtered
    assert "filtered_ids" not in {feature.name for feature in loaded.tuple_schema.feature}
    assert compiled.MAX_FILTERED_IDS == 1000


@pytest.mark.parametrize("label", ["binary", "none"])
@pytest.mark.parametrize("repeated", ["merge", "keep"])
def test_inline_tuples_of_evaluation_carry_the_positives_of_training(tmp_path, label, repeated):
    """Both members are shared. Pairs that training calls unrelated, if only once, are none."""
    columns = {"left_id": int, "left_age": float, "right_id": bytes, "right_kind": bytes}
    labelled = ", label: y, label_kind: binary" if label == "binary" else ""
    loaded = recipe(
        tmp_path,
        f"{{type: rows, source: {{type: row, rows: pair, repeated: {repeated}}}, "
        f"roles: {{left: user, right: item}}{labelled}}}",
        {"user": USER, "item": ITEM},
        {"pair": (schema(**columns, **({"y": int} if labelled else {})), "")},
        "split: {shared: [user, item]}",
        read=[],
    )
    assert loaded.compiled.filtered
    draw = random.Random(4)
    rows = {
        split: [(draw.randrange(9), draw.choice(ITEMS[:9]), draw.randrange(2)) for _ in range(n)]
        for split, n in (("train", 60), ("eval", 30))
    }
    inputs = {
        "pair": {
            split: [
                row(
                    left_id=user,
                    left_age=1.0,
                    right_id=item,
                    right_kind=KIND[item],
                    **({"y": said} if labelled else {}),
                )
                for user, item, said in mine
            ]
            for split, mine in rows.items()
        }
    }
    made = make(loaded, inputs, tmp_path)
    said: dict[tuple[int, bytes], set[int]] = {}
    for user, item, value in rows["train"]:
        said.setdefault((user, item), set()).add(value)
    assert any(values == {0, 1} for values in said.values())
    positives: dict[int, set[bytes]] = {user: set() for user in range(9)}
    for (user, item), values in said.items():
        least = max(values) if repeated == "keep" else min(values)
        if not labelled or least == 1:
            positives[user].add(item)
    tuples = made.tuples("eval")
    for one in tuples:
        assert set(listed(one.get("filtered_ids", []))) == positives[one["left_id"]], one
    assert any(positives[one["left_id"]] for one in tuples)
    assert not any(listed(one.get("filtered_ids", [])) for one in made.tuples("train"))
    assert "negatives_leave_out_positives_of" not in made.of("eval")  # None is drawn.


def test_ids_of_an_anchor_are_its_own_whatever_chunk_it_is_in():
    """Anchors without positives elsewhere lie between others; each keeps its own."""
    key = np.sort(np.array([key_of(i) for i in range(5)], dtype=np.uint64))
    pairs = [(1, 20), (3, 21), (3, 22), (9, 23)]  # 9: of no anchor here.
    n, none = len(pairs), np.zeros(0, dtype=np.int64)
    ends: list[Any] = [
        np.array([key[a] if a < 5 else 1 for a, _ in pairs], dtype=np.uint64),
        np.array([key_of(b) for _, b in pairs], dtype=np.uint64),
    ]
    batch = FilteredEdges(
        *ends,
        np.zeros(n, np.uint8),
        np.zeros(n, np.uint64),
        np.array([0, 0, 5, 0], np.float32),
        np.zeros(0, np.float32),
        np.ones(n, np.uint8),
        none.astype(np.int32),
        np.arange(n),
        none,
        none,
        Strings.of([]),
        Strings.of([b"%d" % b for _, b in pairs]),
    )
    filtered = sampling.filtered_of(batch, key, 0)
    assert filtered.bounds.tolist() == [0, 0, 1, 1, 3, 3]
    assert list(filtered.edges.destination_id) == [b"20", b"22", b"21"]
    assert filtered.anchor.tolist() == [1, 3, 3]
