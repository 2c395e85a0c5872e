"""`edges`: tuples against a brute-force oracle over the edge list."""

import random
from collections import Counter

import pytest

from components.relation_gen.index import shard
from tests.relation_gen.helpers import row
from tests.relation_gen.helpers_cases import (
    check_entities,
    close,
    grouped,
    listed,
    make,
    recipe,
    schema,
)

ITEM = schema(id=bytes, kind=bytes, x=(float, 3))
USER = schema(id=int, age=float)
KINDS = [b"book", b"game", b"toy"]
ONE = "{left: {entity: item, id: from}, right: {entity: item, id: to}%s}"
TWO = "{left: {entity: user, id: user}, right: {entity: item, id: item}%s}"


def items(split: str, count: int) -> list[bytes]:
    return [
        row(id=f"{split}-{n}".encode(), kind=KINDS[n % 3], x=[n / 3.0] * (n % 3 + 1))
        for n in range(count)
    ]


def links(split: str, count: int, of: int, **values) -> list[dict]:
    """Distinct directed edges; the first item has many, the last none."""
    draw = random.Random(f"{split}{count}")
    found: dict[tuple[int, int], dict] = {}
    while len(found) < count:
        left, right = int(draw.random() ** 2 * (of - 1)), draw.randrange(of - 1)
        if left != right:
            found[left, right] = {
                "from": f"{split}-{left}".encode(),
                "to": f"{split}-{right}".encode(),
                **{name: value(draw) for name, value in values.items()},
            }
    return list(found.values())


def encoded(edges):
    return [row(**edge) for edge in edges]


def run(folder, relation, edges, value="", columns=None, data=""):
    loaded = recipe(
        folder,
        relation,
        {"item": ITEM},
        {"link": (schema(**{"from": bytes, "to": bytes}, **(columns or {})), ONE % value)},
        data,
    )
    everything = [edge for split in edges for edge in edges[split]]
    random.Random(1).shuffle(everything)
    inputs = {
        "item": {"train": items("train", 20), "eval": items("eval", 12)},
        "link": {"": encoded(everything)},
    }
    return make(loaded, inputs, folder)


def neighbours(edges):
    found: dict[bytes, set[bytes]] = {}
    for edge in edges:
        found.setdefault(edge["from"], set()).add(edge["to"])
    return found


def ids(split):
    return {f"{split}-{n}".encode() for n in range({"train": 20, "eval": 12}[split])}


def test_edges_without_a_value_are_positives(tmp_path):
    edges = {split: links(split, n, of) for split, n, of in (("train", 40, 20), ("eval", 9, 12))}
    made = run(
        tmp_path,
        "{type: pairs, source: {type: edges, edges: link}, seed: 1, "
        "sampling: {positives_per_anchor: 3, negatives_per_anchor: 4}}",
        edges,
    )
    for split, mine in edges.items():
        known, short = neighbours(mine), Counter()
        by_anchor = grouped(made.tuples(split), "left_id")
        assert set(by_anchor) == set(known)
        for anchor, found in by_anchor.items():
            positives = [one["right_id"] for one in found if one["relation"] == 1]
            negatives = [one for one in found if one["relation"] == 0]
            assert len(set(positives)) == len(positives) == min(3, len(known[anchor]))
            assert set(positives) <= known[anchor]
            free = ids(split) - known[anchor] - {anchor}
            drawn = {one["right_id"] for one in negatives}
            assert drawn <= free
            assert len(drawn) == len(negatives) == min(4, len(free))
            assert all(close(one["negative_prob"], 1 / len(free)) for one in negatives)
            short["too_few_positives"] += 3 - len(positives)
            short["too_few_negatives"] += 4 - len(negatives)
        assert made.of(split)["tuples_requested"] == 7 * len(known)
        assert made.of(split)["shortfall"] == +short
    assert made.stats["inputs"]["link"]["rows_used"] == 49
    check_entities(made)


def test_an_item_is_a_positive_as_often_as_the_cap_allows(tmp_path):
    ends = [(n, 0) for n in range(1, 11)] + [(n, n + 1) for n in range(1, 11)]
    edges = {
        split: [
            {"from": b"%s-%d" % (split.encode(), a), "to": b"%s-%d" % (split.encode(), b)}
            for a, b in ends
        ]
        for split in ("train", "eval")
    }
    made = run(
        tmp_path,
        "{type: pairs, source: {type: edges, edges: link}, sampling: {positives_per_anchor: all, "
        "negatives_per_anchor: 1, caps: {positives_per_entity: 3}}}",
        edges,
    )
    for split, mine in edges.items():
        related = [one for one in made.tuples(split) if one["relation"] == 1]
        hub = f"{split}-0".encode()
        assert Counter(one["right_id"] for one in related) == {
            hub: 3,
            **{edge["to"]: 1 for edge in mine if edge["to"] != hub},
        }
        assert made.of(split)["shortfall"]["positives_capped"] == 7
        negatives = [
            (one["left_id"], one["right_id"]) for one in made.tuples(split) if one["relation"] == 0
        ]
        assert not {(edge["from"], edge["to"]) for edge in mine} & set(negatives)


def test_binary_values_weights_and_within_a_group(tmp_path):
    edges = {
        split: links(split, n, of, value=lambda d: d.randrange(2), w=lambda d: d.random() * 3)
        for split, n, of in (("train", 50, 20), ("eval", 20, 12))
    }
    made = run(
        tmp_path,
        "{type: pairs, source: {type: edges, edges: link}, sampling: {positives_per_anchor: all, "
        "negatives_per_anchor: 2, negatives: {where: within, group: kind}}}",
        edges,
        ", value: value, weight: w",
        {"value": int, "w": float},
    )
    kind = {f"{s}-{n}".encode(): KINDS[n % 3] for s in edges for n in range(20)}
    for split, mine in edges.items():
        actual, known = made.tuples(split), neighbours(mine)
        given = {(edge["from"], edge["to"]): edge for edge in mine}
        stated = [one for one in actual if "negative_prob" not in one]
        assert {(one["left_id"], one["right_id"]) for one in stated} == set(given)
        assert len(stated) == len(given)
        for one in stated:
            edge = given[one["left_id"], one["right_id"]]
            assert one["relation"] == edge["value"]
            assert close(one["relation_weight"], edge["w"])
        drawn = grouped((one for one in actual if "negative_prob" in one), "left_id")
        for anchor, mine_ in known.items():
            free = {o for o in ids(split) - mine_ - {anchor} if kind[o] == kind[anchor]}
            negatives = drawn.get(anchor, [])
            assert {one["right_id"] for one in negatives} <= free
            assert len({one["right_id"] for one in negatives}) == min(2, len(free))
            assert all(one["relation"] == 0 for one in negatives)
            assert all(one["relation_weight"] == 1 for one in negatives)
            assert all(close(one["negative_prob"], 1 / len(free)) for one in negatives)


@pytest.mark.parametrize("repeated", ["merge", "keep"])
def test_scalar_values_repeated_edges_and_both_directions(tmp_path, repeated):
    edges = {
        split: links(split, n, of, value=lambda d: float(d.randrange(6)))
        for split, n, of in (("train", 24, 20), ("eval", 9, 12))
    }
    again = [*edges["train"][:3], {**edges["train"][5], "value": 7.5}]
    edges["train"] += again
    made = run(
        tmp_path,
        "{type: triplets, source: {type: edges, edges: link, label: scalar, positive_from: 3, "
        f"symmetric: true, repeated: {repeated}}}, sampling: {{triplets_per_anchor: all}}}}",
        edges,
        ", value: value",
        {"value": float},
    )
    counts = made.stats["inputs"]["link"]
    assert counts["rows_read"] == counts["rows_mirrored"] == 37
    for split, mine in edges.items():
        both = mine + [{**edge, "from": edge["to"], "to": edge["from"]} for edge in mine]
        stated = Counter((edge["from"], edge["to"], edge["value"]) for edge in both)
        if repeated == "merge":
            least: dict = {}
            for left, right, value in stated:
                least[left, right] = min(value, least.get((left, right), value))
            positives = Counter(pair for pair, value in least.items() if value >= 3)
        else:
            positives = Counter()
            for (left, right, value), count in stated.items():
                positives[left, right] += count * (value >= 3)
        actual = made.tuples(split)
        # All but those whose anchor has no (distinct) negative left, which does not happen here.
        assert Counter((one["anchor_id"], one["positive_id"]) for one in actual) == +positives
        known = neighbours(both)
        for anchor, mine_ in grouped(actual, "anchor_id").items():
            free = ids(split) - known[anchor] - {anchor}
            drawn = {one["negative_id"] for one in mine_}
            assert drawn <= free
            assert len(drawn) == len(mine_)
            assert all(close(one["negative_prob"], 1 / len(free)) for one in mine_)
    if repeated == "merge":
        wrong = {(e["from"], e["to"]) for e in edges["train"]} & {
            (e["to"], e["from"]) for e in edges["train"]
        }
        assert not wrong or counts["skipped"]
        assert counts["rows_used"] + counts["rows_skipped"] == 74
        assert counts["skipped"]["duplicate_edge"] >= 6
        assert counts["skipped"]["conflicting_edge"] >= 2
    else:
        assert counts["skipped"] == {}


@pytest.mark.parametrize(("label", "kind"), [("vector", (float, 2)), ("class", ["x", "y", "z"])])
def test_vectors_and_classes_are_the_label_of_pairs(tmp_path, label, kind):
    value = {
        "vector": lambda d: [float(d.randrange(5)), d.random()],
        "class": lambda d: d.choice([b"x", b"y", b"z"]),
    }[label]
    edges = {
        split: links(split, n, of, value=value)
        for split, n, of in (("train", 30, 20), ("eval", 9, 12))
    }
    made = run(
        tmp_path,
        f"{{type: pairs, source: {{type: edges, edges: link, label: {label}}}, "
        "sampling: {positives_per_anchor: all}}",
        edges,
        ", value: value",
        {"value": kind},
    )
    for split, mine in edges.items():
        actual = {(one["left_id"], one["right_id"]): one["relation"] for one in made.tuples(split)}
        assert len(actual) == made.of(split)["tuples"] == len(mine)
        for edge in mine:
            wanted = b"xyz".index(edge["value"]) if label == "class" else edge["value"]
            assert close(actual[edge["from"], edge["to"]], wanted)


def test_two_types_popularity_weights_and_known_positives(tmp_path):
    """Users are split, items are shared, negatives in proportion to the edges of a split ^ .75."""
    loaded = recipe(
        tmp_path,
        "{type: triplets, source: {type: edges, edges: bought}, seed: 5, sampling: "
        "{triplets_per_anchor: 2, known_positives: 2, negatives: {draw: popularity}}}",
        {"user": USER, "item": ITEM},
        {"bought": (schema(user=int, item=bytes, times=int), TWO % ", weight: times")},
        "split: {shared: [item]}",
    )
    draw = random.Random(4)
    pairs = {(draw.randrange(-9, 6), int(draw.random() ** 2 * 19)) for _ in range(90)}
    bought = [
        {"user": user, "item": f"train-{item}".encode(), "times": 1 + (user * item) % 4}
        for user, item in sorted(pairs)
    ]
    users = [row(id=n, age=float(n)) for n in range(-9, 6)]
    made = make(
        loaded,
        {"user": {"": users}, "item": {"": items("train", 20)}, "bought": {"": encoded(bought)}},
        tmp_path,
    )
    everyone = set()
    for split in ("train", "eval"):
        actual = made.tuples(split)
        by_user = grouped(actual, "anchor_id")
        everyone |= set(by_user)
        mine = [edge for edge in bought if edge["user"] in by_user]
        times = Counter(edge["item"] for edge in mine)
        weight = {item: round(count**0.75 * 2**20) for item, count in times.items()}
        for user, tuples in by_user.items():
            known = {edge["item"]: edge["times"] for edge in mine if edge["user"] == user}
            free = {item: w for item, w in weight.items() if item not in known}
            total = sum(free.values())
            assert len(tuples) == min(2, total // max(free.values()))
            assert len({one["negative_id"] for one in tuples}) == len(tuples)
            for one in tuples:
                assert one["relation_weight"] == known[one["positive_id"]]
                assert close(one["negative_prob"], free[one["negative_id"]] / total)
                told = listed(one["positive_ids"])
                assert len(set(told)) == min(2, len(known))
                assert set(told) <= set(known)
    assert len(everyone) == 15
    assert made.stats["audit"] == {
        "ids_in_several_splits": {},
        "equal_content_in_several_splits": {},
    }
    check_entities(made)


def test_ntuples_of_edges_have_distinct_members(tmp_path):
    edges = {split: links(split, n, of) for split, n, of in (("train", 60, 20), ("eval", 30, 12))}
    made = run(
        tmp_path,
        "{type: ntuples, source: {type: edges, edges: link}, sampling: {tuples_per_anchor: 2, "
        "positives_per_tuple: 3, negatives_per_tuple: 3, negatives: {draw: groups, group: kind}}}",
        edges,
    )
    size = Counter(KINDS[n % 3] for n in range(20))
    for split, mine in edges.items():
        known, actual = neighbours(mine), made.tuples(split)
        number = {"train": 20, "eval": 12}[split]
        kind = {f"{split}-{n}".encode(): KINDS[n % 3] for n in range(number)}
        size = Counter(kind.values())
        weight = {item: shard.UNIT // size[kind[item]] for item in kind}
        by_anchor, short = grouped(actual, "anchor_id"), Counter()
        for anchor, positives in known.items():
            free = {i: w for i, w in weight.items() if i not in positives and i != anchor}
            most = sum(free.values()) // max(free.values())
            tuples = by_anchor.get(anchor, [])
            assert len(tuples) == (min(2, most // 3) if len(positives) >= 3 else 0)
            negatives = [one[f"negative_{i}_id"] for one in tuples for i in range(3)]
            assert len(set(negatives)) == len(negatives)
            for one in tuples:
                chosen = {one[f"positive_{i}_id"] for i in range(3)}
                assert len(chosen) == 3
                assert chosen <= positives
                wanted = [free[one[f"negative_{i}_id"]] / sum(free.values()) for i in range(3)]
                assert close(one["negative_prob"], wanted)
            lacking = "too_few_positives" if len(positives) < 3 else "too_few_negatives"
            short[lacking] += 2 - len(tuples)
        assert made.of(split)["shortfall"] == +short
