"""Plans of tags: each entity makes one tuple."""

from collections.abc import Iterator

import numpy as np

from components.relation_gen.batches import IndexShard
from components.relation_gen.sampling import base
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


class TagPlanner(Planner):
    """Plans one tuple for each entity."""

    def plan(self, rows: ShardRows, context: IndexContext) -> Planned:
        """See `Planner`."""
        assert rows.index is not None
        return Planned(tagged(rows.index), {})

    def expected_tuples(self, rows: ShardRows) -> int:
        """See `Planner`."""
        assert rows.index is not None
        return len(rows.index.key)


def tagged(population: IndexShard) -> Iterator[Plan]:
    """Plans one tuple for each entity; its tags are in its payload."""
    for part in base.chunks(np.ones(len(population.key), dtype=np.int64)):
        key = population.key[part]
        yield Plan(
            anchor=key,
            slot=np.zeros(len(key), dtype=np.uint32),
            members=(RoleMembers(0, AddressSpace.KEY, key),),
            relation=NOTHING,
            weight=NOTHING,
            requested=len(key),
            shortfall={},
        )
