"""Plans of inline tuples: nothing is drawn."""

import numpy as np

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
            slot=np.zeros(len(tuples.key), dtype=np.uint32),
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
