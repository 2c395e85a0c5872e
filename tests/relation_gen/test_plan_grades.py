from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from components.relation_gen.batches import Indexed, IndexShard
from components.relation_gen.index.shard import populate
from components.relation_gen.sampling import base, ranking, scored_pairs, tags
from relation.compiled import CompiledRelation
from tests.relation_gen.planned import Made, close, hashed, key_of, made
from tests.relations import compiled

SOURCE = {"type": "graded_group", "group": "g", "grade": "y"}


def _graded(kind: str, sampling: dict[str, int], seed: int, query: bool) -> CompiledRelation:
    source = SOURCE | ({"query": "query"} if query else {})
    entities = {"document": "id"} | ({"query": "g"} if query else {})
    relation = {"type": kind, "source": source, "sampling": sampling, "seed": seed}
    return compiled(entities, relation)


def ranked_of(count: int, seed: int = 0, query: bool = False) -> CompiledRelation:
    return _graded("ranked_pairs", {"pairs_per_group": count}, seed, query)


def lists_of(length: int, seed: int = 0, query: bool = False) -> CompiledRelation:
    return _graded("lists", {"length": length}, seed, query)


def shard_of(queries: list[list[float]], grade: int = 0) -> tuple[IndexShard, dict[int, int]]:
    """A document for each grade of each query; documents are numbered through."""
    rows = [(query, value) for query, own in enumerate(queries) for value in own]
    numbers = np.zeros((len(rows), grade + 1))
    numbers[:, grade] = [value for _, value in rows]
    order = np.random.default_rng(0).permutation(len(rows))
    indexed = Indexed(
        np.array([key_of(i) for i in order], dtype=np.uint64),
        np.array([hashed(rows[i][0]) for i in order], dtype=np.uint64),
        np.zeros(len(rows), dtype=np.uint64),
        numbers[order].reshape(-1),
    )
    entity = {key_of(i): i for i in range(len(rows))}
    return populate(indexed, 3, grade), entity | {hashed(q): 10**6 + q for q in range(len(queries))}


def ranked(
    queries: list[list[float]], count: int, seed: int = 0, **more: Any
) -> tuple[list[Made], dict[str, int]]:
    shard, entity = shard_of(queries)
    weight = more.get("weight", np.zeros(0, dtype=np.float32))
    plans = ranking.ranked(
        ranking.graded(shard, 0), ranked_of(count, seed, more.get("query", False)), weight
    )
    return made(plans, entity)


QUERIES = st.lists(
    st.lists(st.sampled_from([-1.5, 0.0, 1.0, 2.0, 3.0]), min_size=1, max_size=6),
    min_size=1,
    max_size=6,
)


def ordered(queries: list[list[float]]) -> dict[int, set[tuple[int, int]]]:
    """The ordered pairs of each query."""
    found, at = {}, 0
    for query, own in enumerate(queries):
        found[10**6 + query] = {
            (at + i, at + j) for i, a in enumerate(own) for j, b in enumerate(own) if a > b
        }
        at += len(own)
    return found


@settings(deadline=None)
@given(QUERIES, st.integers(0, 2**63 - 1))
def test_every_ordered_pair_is_there_where_all_are_asked_for(queries, seed):
    value = [grade for own in queries for grade in own]
    actual, totals = ranked(queries, 100, seed, query=True)
    expected = ordered(queries)
    for query, pairs in expected.items():
        mine = [(one.members[0], one.members[1]) for one in actual if one.anchor == query]
        assert sorted(mine) == sorted(pairs)
    for one in actual:
        assert one.members[2] == one.anchor
        assert close(one.relation[0], value[one.members[0]] - value[one.members[1]])
        assert one.relation[0] > 0
    flat = sum(100 for pairs in expected.values() if not pairs)
    few = sum(100 - len(pairs) for pairs in expected.values() if pairs)
    wanted = {"asked": 100 * len(queries), "one_grade": flat, "too_few_pairs": few}
    assert totals == {name: count for name, count in wanted.items() if count}


@settings(deadline=None)
@given(QUERIES, st.integers(0, 2**63 - 1), st.integers(1, 5))
def test_fewer_pairs_are_distinct_and_right(queries, seed, count):
    actual, totals = ranked(queries, count, seed)
    expected = ordered(queries)
    for query, pairs in expected.items():
        mine = [(one.members[0], one.members[1]) for one in actual if one.anchor == query]
        assert len(mine) == len(set(mine)) == min(count, len(pairs))
        assert set(mine) <= pairs
    assert totals["asked"] == len(actual) + totals.get("one_grade", 0) + totals.get(
        "too_few_pairs", 0
    )


@pytest.mark.parametrize("count", [1, 3])
def test_each_ordered_pair_is_equally_likely(count):
    own = [0.0, 0.0, 1.0, 2.0, 2.0, 2.0]
    queries = [own] * 3000
    counts: dict[int, Counter[tuple[int, int]]] = {slot: Counter() for slot in range(count)}
    for one in ranked(queries, count)[0]:
        counts[one.slot][one.members[0] % 6, one.members[1] % 6] += 1
    pairs = ordered([own])[10**6]
    assert len(pairs) == 2 + 3 * 3
    for counted in counts.values():
        assert set(counted) == pairs
        assert stats.chisquare(list(counted.values())).pvalue > 1e-4


def test_a_pair_weighs_what_the_preferred_document_does():
    shard, entity = shard_of([[0, 1, 2], [5, 4]], grade=1)
    weight = np.array([entity[k] + 0.5 for k in shard.key.tolist()], dtype=np.float32)
    documents = ranking.graded(shard, 1)
    actual, _ = made(ranking.ranked(documents, ranked_of(9), weight), entity)
    assert len(actual) == 4
    assert all(one.weight == one.members[0] + 0.5 for one in actual)


def test_a_query_of_a_million_documents_has_pairs_beyond_32_bits():
    n = 1_000_000
    key = np.arange(n, dtype=np.uint64)
    zero = np.zeros(n, dtype=np.uint64)
    shard = populate(Indexed(key, zero, zero, np.arange(n, dtype=np.float64)), 0, 0)
    documents = ranking.graded(shard, 0)
    assert documents.possible.tolist() == [n * (n - 1) // 2]
    (plan,) = ranking.ranked(documents, ranked_of(20_000), np.zeros(0, dtype=np.float32))
    preferred, other = (member.value.astype(np.int64) for member in plan.members)
    assert (preferred > other).all()
    assert len(np.unique(preferred * n + other)) == 20_000
    # The preferred document d is drawn in proportion to d, so its square is uniform.
    counted = np.bincount(np.floor((preferred / n) ** 2 * 20).astype(np.int64), minlength=20)
    assert stats.chisquare(counted).pvalue > 1e-4
    (listed,) = ranking.listed(documents, lists_of(1000))
    assert len(np.unique([member.value[0] for member in listed.members])) == 1000
    assert listed.counts == {"documents_cut": n - 1000}


@settings(deadline=None)
@given(QUERIES, st.integers(0, 2**63 - 1), st.integers(1, 7), st.booleans())
def test_a_list_holds_the_documents_of_its_query_and_what_is_cut_is_counted(
    queries, seed, length, query
):
    shard, entity = shard_of(queries)
    plans = ranking.listed(ranking.graded(shard, 0), lists_of(length, seed, query))
    actual, totals = made(plans, entity)
    value = [grade for own in queries for grade in own]
    ends = np.cumsum([0, *map(len, queries)]).tolist()
    assert len(actual) == len(queries)
    for one in actual:
        at = one.anchor - 10**6
        n = min(len(queries[at]), length)
        documents = [one.members[role] for role in range(n)]
        assert set(one.members) == {*range(n)} | ({length} if query else set())
        assert one.members.get(length, one.anchor) == one.anchor or n == length
        assert len(set(documents)) == n
        assert set(documents) <= set(range(ends[at], ends[at + 1]))
        assert one.relation == [value[i] for i in documents] + [ranking.NO_DOCUMENT] * (length - n)
    cut = sum(max(len(own) - length, 0) for own in queries)
    assert totals == {"asked": len(queries)} | ({"documents_cut": cut} if cut else {})


def test_the_seed_cuts_lists_evenly():
    counts: Counter[int] = Counter()
    for seed in range(600):
        shard, entity = shard_of([[0, 1, 2, 3, 4]])
        (one,), _ = made(ranking.listed(ranking.graded(shard, 0), lists_of(2, seed)), entity)
        counts.update(one.members.values())
    assert stats.chisquare([counts[i] for i in range(5)]).pvalue > 1e-4


def test_a_cell_whose_documents_were_all_left_out_makes_nothing():
    none = np.zeros(0, dtype=np.uint64)
    shard = populate(Indexed(none, none, none, np.zeros(0)), 0, 0)
    documents = ranking.graded(shard, 0)
    assert documents.possible.tolist() == []
    assert list(ranking.ranked(documents, ranked_of(3), np.zeros(0, dtype=np.float32))) == []
    assert list(ranking.listed(documents, lists_of(3, query=True))) == []


# Pairs that a function scores, and tags.


def scored_of(count: int, group: str | None, seed: int = 0, width: int = 1) -> CompiledRelation:
    relation = {
        "type": "scored_pairs",
        "source": {"type": "function", "function": "a.b", "width": width},
        "sampling": {"pairs_per_anchor": count, "group": group},
        "seed": seed,
    }
    return compiled({"item": "id"}, relation)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=15),
    st.integers(1, 6),
    st.booleans(),
    st.integers(1, 3),
    st.integers(0, 2**63 - 1),
)
def test_scored_pairs_are_distinct_others(groups, count, grouped, width, seed):
    n = len(groups)
    group = np.array([hashed(g) if grouped else 0 for g in groups], dtype=np.uint64)
    key = np.array([key_of(i) for i in range(n)], dtype=np.uint64)
    half = group < np.uint64(2**63) if grouped else np.ones(n, dtype=bool)
    parts = [Indexed(key[some], group[some], group[some], np.zeros(0)) for some in (half, ~half)]
    shards = [populate(part, seed) for part in parts if len(part.key)]
    begins = np.cumsum([0, *(len(shard.key) for shard in shards)]).tolist()
    relation = scored_of(count, "g" if grouped else None, seed, width)
    plans = [
        plan
        for shard, begin in zip(shards, begins[:-1], strict=True)
        for plan in scored_pairs.scored(shard, begin, n, relation)
    ]
    actual, totals = made(plans, {key_of(i): i for i in range(n)}, shards)
    expected = Counter({"asked": n * count})
    for anchor in range(n):
        others = {
            i for i in range(n) if i != anchor and (not grouped or groups[i] == groups[anchor])
        }
        mine = [one.members[1] for one in actual if one.anchor == anchor]
        assert len(mine) == len(set(mine)) == min(count, len(others))
        assert set(mine) <= others
        expected["too_few_others" if others else "no_other"] += count - len(mine)
    assert totals == {name: number for name, number in expected.items() if number}
    for one in actual:
        assert one.members[0] == one.anchor
        assert len(one.relation) == width
        assert np.isnan(one.relation).all()


def test_scored_pairs_are_spread_evenly():
    n = 20_000
    key = np.arange(n, dtype=np.uint64)
    zero = np.zeros(n, dtype=np.uint64)
    shard = populate(Indexed(key, zero, zero, np.zeros(0)), 1)
    plans = list(scored_pairs.scored(shard, 0, n, scored_of(2, None)))
    assert len(plans) > 1
    for slot in (0, 1):
        value = np.concatenate([plan.members[1].value[plan.slot == slot] for plan in plans])
        assert stats.chisquare(np.bincount(value // (n // 50), minlength=50)).pvalue > 1e-4


def test_each_entity_is_a_tuple_with_its_tags():
    key = np.arange(50_000, dtype=np.uint64)
    zero = np.zeros(50_000, dtype=np.uint64)
    plans = list(tags.tagged(populate(Indexed(key, zero, zero, np.zeros(0)), 1)))
    assert max(len(plan.anchor) for plan in plans) <= base.CHUNK
    assert sum(plan.requested for plan in plans) == 50_000
    for plan in plans:
        (member,) = plan.members
        assert (member.role, member.space, member.tuples) == (0, base.AddressSpace.KEY, None)
        assert np.array_equal(member.value, plan.anchor)
    assert sorted(int(k) for plan in plans for k in plan.anchor) == list(range(50_000))
