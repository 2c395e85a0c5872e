"""Pairs that a function scores."""

from collections.abc import Iterator

import numpy as np

from components.common.hashing import Purpose
from components.relation_gen.batches import IndexShard
from components.relation_gen.sampling import base, without_replacement
from components.relation_gen.sampling.base import (
    NOTHING,
    AddressSpace,
    IndexContext,
    Plan,
    Planned,
    Planner,
    RoleMembers,
    ShardRows,
)
from components.relation_gen.sampling.ranges import Gap
from relation.compiled import CompiledRelation


class ScoredPairPlanner(Planner):
    """Plans pairs of an anchor and others, from its group or from all entities."""

    def plan(self, rows: ShardRows, context: IndexContext) -> Planned:
        """See `Planner`."""
        assert rows.index is not None
        entities = context.candidates.rows
        return Planned(scored(rows.index, context.position, entities, self.relation), {})

    def expected_tuples(self, rows: ShardRows) -> int:
        """See `Planner`."""
        assert rows.index is not None
        return len(rows.index.key) * (self.relation.sampling.per_anchor or 0)


def scored(
    population: IndexShard, position: int, rows: int, relation: CompiledRelation
) -> Iterator[Plan]:
    """Plans pairs of an anchor and others, from its group or from all entities; labels come later.

    Args:
      position: where the shard begins in the index.
      rows: entities in the index.
    """
    wanted = np.full(len(population.key), relation.sampling.per_anchor, dtype=np.int64)
    for part in base.chunks(wanted):
        own = population.position[part] + position
        if relation.group_by is None:
            low, high = np.zeros_like(own), np.full_like(own, rows)
        else:
            low, high = population.start[part] + position, population.end[part] + position
        ranges = Gap(low, high, own, own + 1)
        key, requested, others = population.key[part], wanted[part], ranges.size()
        drawn = without_replacement.distinct(relation.seed, Purpose.PAIRS, key, requested, others)
        anchor = key[drawn.row]
        lacking = np.maximum(requested - others, 0)
        yield Plan(
            anchor=anchor,
            slot=drawn.slot.astype(np.uint32),
            members=(
                RoleMembers(0, AddressSpace.KEY, anchor),
                RoleMembers(1, AddressSpace.POSITION, ranges.position(drawn.row, drawn.value)),
            ),
            relation=np.full(len(anchor) * relation.tuples.width, np.nan, dtype=np.float32),
            weight=NOTHING,
            requested=int(requested.sum()),
            shortfall={
                base.ALONE: int(lacking[others == 0].sum()),
                base.TOO_FEW_OTHERS: int(lacking[others > 0].sum()),
            },
        )
