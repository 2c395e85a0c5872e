import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.common import example_wire
from components.common.columns import Dictionary, Strings
from components.relation_gen.batches import (
    Entities,
    IndexShard,
    MemberRequests,
    MemberRequestsByWeight,
)
from components.relation_gen.sampling.base import AddressSpace, Plan, RoleMembers
from components.relation_gen.sampling.compose import NOTHING
from components.relation_gen.shuffle_keys import output_shard_of
from components.relation_gen.tuples import route
from tests.relation_gen.helpers import row

NONE = np.zeros(0, dtype=np.int64)


def plan(at: int, n: int, more: bool) -> Plan:
    """n tuples: a member by key, every second one by place, the others by point."""
    tuples = np.arange(n)
    anchor = (np.arange(n) + at).astype(np.uint64) * np.uint64(2**57)
    half = tuples[: n // 2]
    probability = np.full(n - n // 2, 0.25, dtype=np.float32)
    return Plan(
        anchor=anchor,
        slot=tuples.astype(np.uint32),
        members=(
            RoleMembers(0, AddressSpace.KEY, anchor),
            RoleMembers(1, AddressSpace.POSITION, half + 100, half),
            RoleMembers(
                1, AddressSpace.WEIGHT, tuples[n // 2 :] + 200, tuples[n // 2 :], probability
            ),
        ),
        relation=np.arange(2 * n, dtype=np.float32),
        weight=NOTHING,
        requested=n + 3,
        shortfall={"few": 2, "none": 1},
        counts={"cut": 5},
        extra_features=Dictionary(
            tuples.astype(np.int32) % 2, Strings.of([b"%d" % at, b"%d!" % at])
        )
        if more
        else Dictionary.empty(),
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.booleans(), st.integers(1, 30))
def test_plans_are_taken_apart_and_nothing_is_lost(sizes, more, budget):
    plans = [plan(100 * i, n, more) for i, n in enumerate(sizes)]
    totals: dict[str, int] = {}
    batches = list(route.batches(plans, ["item/train", "item/train"], totals, budget))
    if budget < 20:  # An anchor with many tuples is cut.
        assert all(
            len(batch.tuple_rows.anchor) <= max(budget // 3, 1) + budget for batch in batches
        )
    n = sum(sizes)
    assert {name: count for name, count in totals.items() if count} == {
        name: count
        for name, count in {
            "tuples_made": n,
            "tuples_requested": n + 3 * len(sizes),
            "shortfall:few": 2 * len(sizes),
            "shortfall:none": len(sizes),
            "cut": 5 * len(sizes),
        }.items()
        if count
    }
    tuple_rows, by_position, by_weight, by_key = [], [], [], []
    for batch in batches:
        extra = batch.tuple_rows.extra_features
        entries = list(extra.values)
        which = extra.index.tolist() or [None] * len(batch.tuple_rows.anchor)
        label = batch.tuple_rows.relation.reshape(-1, 2).tolist()
        told = [entries[i] if i is not None else b"" for i in which]
        tuple_rows += zip(
            batch.tuple_rows.anchor.tolist(),
            batch.tuple_rows.slot.tolist(),
            label,
            told,
            strict=True,
        )
        for members, kind, found in (
            (batch.by_position, MemberRequests, by_position),
            (batch.by_weight, MemberRequestsByWeight, by_weight),
            *((members, MemberRequests, by_key) for members in batch.by_key.values()),
        ):
            if members is not None:
                assert type(members) is kind
                found += zip(
                    *(
                        column.tolist()
                        for column in (members.anchor, members.slot, members.role, members.entity)
                    ),
                    strict=True,
                )
                assert np.isnan(members.probability).all() == (kind is MemberRequests)
    expected = [
        (
            int(one.anchor[j]),
            j,
            one.relation.reshape(-1, 2)[j].tolist(),
            list(one.extra_features.values)[j % 2] if more else b"",
        )
        for one in plans
        for j in range(len(one.anchor))
    ]
    assert tuple_rows == expected
    assert by_key == [(int(a), j, 0, int(a)) for one in plans for j, a in enumerate(one.anchor)]
    assert by_position == [
        (int(one.anchor[j]), j, 1, 100 + j) for one in plans for j in range(len(one.anchor) // 2)
    ]
    assert by_weight == [
        (int(one.anchor[j]), j, 1, 200 + j)
        for one in plans
        for j in range(len(one.anchor) // 2, len(one.anchor))
    ]


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(1, 5), st.booleans())
def test_each_tuple_goes_to_one_shard_and_so_do_its_members(n, shards, more):
    (batch,) = route.batches([plan(0, n, more)], ["a", "b"], {}, 1000)
    found = {}
    for shard, tuple_rows in route.split_tuple_rows(batch.tuple_rows, shards):
        entries = list(tuple_rows.extra_features.values)
        label = tuple_rows.relation.reshape(-1, 2).tolist()
        for i, key in enumerate(
            zip(tuple_rows.anchor.tolist(), tuple_rows.slot.tolist(), strict=True)
        ):
            told = entries[tuple_rows.extra_features.index[i]] if more else b""
            assert found.setdefault(key, (shard, label[i], told))[0] == shard
    assert len(found) == n
    for j in range(n):
        _, label, told = found[int(batch.tuple_rows.anchor[j]), j]
        assert (label, told) == ([2 * j, 2 * j + 1], (b"0", b"0!")[j % 2] if more else b"")


def test_members_are_resolved_to_keys_and_get_their_probability():
    none = np.zeros(0)
    weights = np.array([3, 0, 2], dtype=np.int64)
    key = np.array([7, 8, 9], dtype=np.uint64)
    shard = IndexShard(key, key, key, none, NONE, NONE, weights)
    anchor, slot, role = (
        key.repeat(2)[:5],
        np.arange(5, dtype=np.uint32),
        np.ones(5, dtype=np.uint16),
    )
    part = np.full(5, 0.1, dtype=np.float32)
    by_weight = MemberRequestsByWeight(
        anchor, slot, role, np.array([100, 102, 103, 104, 101], dtype=np.uint64), part
    )
    found = route.resolve(by_weight, shard, 50, 100)
    assert type(found) is MemberRequests
    assert found.entity.tolist() == [7, 7, 9, 9, 7]  # What weighs nothing is never met.
    np.testing.assert_allclose(found.probability, [0.3, 0.3, 0.2, 0.2, 0.3], rtol=1e-6)
    by_position = MemberRequests(
        anchor[:3], slot[:3], role[:3], np.array([52, 50, 51], dtype=np.uint64), part[:3]
    )
    found = route.resolve(by_position, shard, 50, 100)
    assert found.entity.tolist() == [9, 7, 8]
    assert found.probability.tolist() == part[:3].tolist()
    ends = np.array([0, 50, 50, 53, 60], dtype=np.int64)
    assert route.shard_at(by_position, ends).tolist() == [2, 2, 2]


def entities(n: int) -> Entities:
    key = np.arange(10, 10 + n, dtype=np.uint64)
    payloads = [
        example_wire.payload(
            example_wire.features_of(row(id=b"%d" % i, x=[i * 1.0])), [b"id", b"x"]
        )
        for i in range(n)
    ]
    return Entities(key, np.zeros(n, np.uint8), key, key, np.zeros(0), Strings.of(payloads))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), min_size=1, max_size=60),
    st.integers(1, 4),
)
def test_members_get_the_bytes_of_their_entity_once_a_shard_and_role(requests, shards):
    m = len(requests)
    rekeys = [example_wire.Rekey(role, ["id", "x"], "id") for role in ("left", "right")]
    members = MemberRequests(
        np.arange(m, dtype=np.uint64) * np.uint64(2**58),
        np.arange(m, dtype=np.uint32),
        np.array([role for _, role in requests], dtype=np.uint16),
        np.array([10 + entity for entity, _ in requests], dtype=np.uint64),
        np.arange(m, dtype=np.float32),
    )
    seen = []
    for shard, found in route.gather(entities(6), members, rekeys, shards):
        entries = found.entries.compacted()
        pieces = list(entries.values)
        assert len(set(pieces)) == len(pieces)
        assert (output_shard_of(found.anchor, found.slot, shards) == shard).all()
        for i, slot in enumerate(found.slot.tolist()):
            entity, role = requests[slot]
            side = ("left", "right")[role]
            expected = row(**{f"{side}_id": b"%d" % entity, f"{side}_x": [entity * 1.0]})
            assert example_wire.features_of(
                example_wire.example(pieces[entries.index[i]])
            ) == example_wire.features_of(expected)
            assert (found.role[i], found.probability[i], found.anchor[i]) == (
                role,
                slot,
                members.anchor[slot],
            )
            seen.append(slot)
    assert sorted(seen) == list(range(m))


@pytest.mark.parametrize("key", [3, 13, 99])
def test_a_member_that_is_not_there_is_an_error_of_the_program(key):
    some = entities(3)
    one = np.zeros(1, dtype=np.uint32)
    members = MemberRequests(
        some.key[:1], one, one.astype(np.uint16), np.array([key], dtype=np.uint64), NOTHING
    )
    with pytest.raises(RuntimeError, match="names an entity that its partition does not hold"):
        list(route.gather(some, members, [], 1))
