"""Plans of inline tuples: nothing is drawn."""

import numpy as np

from components.common.hashing import U64
from components.relation_gen.batches import U32
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


class InlinePlanner(Planner):
    """Plans inline tuples."""

    def plan(self, rows: ShardRows, context: IndexContext) -> Planned:
        """See `Planner`."""
        tuples = rows.tuples
        assert tuples is not None
        roles = len(self.relation.tuples.roles)
        member = tuples.member.reshape(-1, roles)
        plan = Plan(
            anchor=tuples.key,
            slot=_nth(tuples.key),
            members=tuple(RoleMembers(i, AddressSpace.KEY, member[:, i]) for i in range(roles)),
            relation=tuples.label,
            weight=NOTHING,
            requested=len(tuples.key),
            shortfall={},
        )
        return Planned(iter([plan]), {})

    def expected_tuples(self, rows: ShardRows) -> int:
        """See `Planner`. There is no index; tuples are counted as they are read."""
        return 0


def _nth(key: U64) -> U32:
    """The number of each tuple among those of the same members, which follow each other.

    Args:
      key: sorted, uint64 [t].
    """
    return (np.arange(len(key)) - np.searchsorted(key, key)).astype(np.uint32)
