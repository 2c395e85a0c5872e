import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.common import example_wire
from components.common.columns import Dictionary, Strings, take
from components.relation_gen.batches import GatheredMembers, TupleRows
from components.relation_gen.shuffle_keys import shuffle_priority
from components.relation_gen.tuples import assemble
from relation import spec
from tests.relation_gen.helpers import as_dict

NONE = np.zeros(0, dtype=np.float32)


def piece(role: str, number: int) -> bytes:
    return example_wire.entry(f"{role}_id", example_wire.keyed([b"%d" % number], True))


def tuples(
    n: int, relation: spec.Relation, weighted: bool, more: bool
) -> tuple[TupleRows, GatheredMembers]:
    """n tuples over some anchors; member r of tuple i is entity 10 i + r; negatives are drawn."""
    anchor = (np.arange(n) % 5).astype(np.uint64) * np.uint64(3)
    slot = (np.arange(n) // 5).astype(np.uint32)
    width = relation.width if relation.label is not spec.LabelKind.NONE else 0
    label = (np.arange(n)[:, None] + np.arange(width) / 8).astype(np.float32)
    tuple_rows = TupleRows(
        anchor,
        slot,
        label.reshape(-1),
        np.arange(n).astype(np.float32) if weighted else NONE,
        Dictionary(
            np.arange(n).astype(np.int32) % 3 if more else NONE.astype(np.int32),
            Strings.of(
                [
                    example_wire.entry("positive_ids", example_wire.keyed([b"%d" % i], True))
                    for i in range(3 * more)
                ]
            ),
        ),
    )
    roles = [role.name for role in relation.roles]
    row, role = np.divmod(np.arange(n * len(roles)), len(roles))
    negative = np.isin(role, [roles.index(name) for name in relation.negatives])
    members = GatheredMembers(
        anchor[row],
        slot[row],
        role.astype(np.uint16),
        np.where(negative, 1 / (row + 2), np.nan).astype(np.float32),
        Dictionary(
            np.arange(len(row)).astype(np.int32),
            Strings.of(
                [
                    piece(roles[r], 10 * i + r)
                    for i, r in zip(row.tolist(), role.tolist(), strict=True)
                ]
            ),
        ),
    )
    return tuple_rows, members


def parts_of(members: GatheredMembers, order: np.ndarray, cuts: int) -> list[GatheredMembers]:
    """The same members in another order, in several parts."""
    parts = [take(members, rows) for rows in np.array_split(order, cuts)]
    return [dataclasses.replace(part, entries=part.entries.compacted()) for part in parts]


RELATIONS = st.sampled_from(
    [
        spec.triplets("item", "item"),
        spec.ntuples("user", "item", 2, 3),
        spec.pairs("item", "item", spec.LabelKind.VECTOR, 3),
    ]
)


@settings(deadline=None)
@given(st.integers(1, 30), RELATIONS, st.booleans(), st.booleans(), st.integers(1, 4), st.randoms())
def test_tuples_are_put_together_in_one_order(n, relation, weighted, more, cuts, shuffle):
    tuple_rows, members = tuples(n, relation, weighted, more)
    whole = list(assemble.assemble(tuple_rows, [members], relation))
    order = list(range(len(members.anchor)))
    shuffle.shuffle(order)
    again = assemble.assemble(tuple_rows, parts_of(members, np.array(order), cuts), relation)
    assert [b"".join(one) for one in again] == [b"".join(one) for one in whole]
    roles = [role.name for role in relation.roles]
    seen = []
    for one in whole:
        found = as_dict(example_wire.example(*one))
        i = found[f"{roles[0]}_id"] // 10
        seen.append(i)
        expected = {f"{role}_id": 10 * i + r for r, role in enumerate(roles)}
        if relation.label is not spec.LabelKind.NONE:
            expected["relation"] = [i, i + 0.125, i + 0.25]
        if weighted:
            expected["relation_weight"] = float(i)
        if more:
            expected["positive_ids"] = i % 3
        if relation.negatives:
            stated = found.pop("negative_prob")
            stated = stated if isinstance(stated, list) else [stated]
            assert stated == [np.float32(1 / (i + 2))] * len(relation.negatives)
        assert found == expected
    assert sorted(seen) == list(range(n))
    priorities = shuffle_priority(tuple_rows.anchor[seen], tuple_rows.slot[seen]).tolist()
    assert priorities == sorted(priorities)  # Runs in the order of a hash; within one by slot.
    keys = list(
        zip(
            priorities,
            tuple_rows.anchor[seen].tolist(),
            tuple_rows.slot[seen].tolist(),
            strict=True,
        )
    )
    assert keys == sorted(keys)


def test_lists_leave_roles_empty():
    relation = spec.lists("doc", None, 3)
    tuple_rows, members = tuples(4, relation, False, False)
    label = tuple_rows.relation.reshape(4, 3).copy()
    label[1, 1:] = label[2, 2:] = -1
    present = np.flatnonzero(label.reshape(-1) != -1)
    tuple_rows = dataclasses.replace(tuple_rows, relation=label.reshape(-1))
    found = [
        as_dict(example_wire.example(*one))
        for one in assemble.assemble(tuple_rows, parts_of(members, present, 1), relation)
    ]
    ids = {one["document_0_id"] // 10: {k for k in one if k.endswith("_id")} for one in found}
    three, two = ({f"document_{i}_id" for i in range(n)} for n in (3, 2))
    assert ids == {0: three, 1: {"document_0_id"}, 2: two, 3: three}


@pytest.mark.parametrize("lost", [0, 4, 8])
def test_a_lost_or_foreign_member_is_an_error_of_the_program(lost):
    relation = spec.triplets("item", "item")
    tuple_rows, members = tuples(3, relation, False, False)
    rest = np.delete(np.arange(9), lost)
    for parts in (parts_of(members, rest, 1), parts_of(members, np.r_[rest, rest[0]], 1), []):
        with pytest.raises(RuntimeError, match="3 tuples of 3 roles"):
            list(assemble.assemble(tuple_rows, parts, relation))
