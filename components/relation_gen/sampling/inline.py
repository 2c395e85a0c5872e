"""Plans of inline tuples: nothing is drawn."""

import numpy as np

from components.common.columns import Dictionary, Strings
from components.common.hashing import U64
from components.relation_gen.batches import U32, FilteredEdges
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
from components.relation_gen.sampling.compose import NO_EXTRA_FEATURES, add_ids
from components.relation_gen.sampling.edges import filtered_of
from relation.compiled import MAX_FILTERED_IDS
from relation.names import FILTERED_IDS


class InlinePlanner(Planner):
    """Plans inline tuples."""

    def plan(self, rows: ShardRows, context: IndexContext) -> Planned:
        """See `Planner`."""
        tuples = rows.tuples
        if tuples is None:  # Only positives of other splits are here.
            return Planned(iter(()), {})
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
            extra_features=self._filtered(rows.filtered, member[:, 0]),
        )
        return Planned(iter([plan]), {})

    def _filtered(self, filtered: FilteredEdges | None, anchor: U64) -> Dictionary:
        """Serialize the ids of each tuple's anchor's positives in other splits.

        Args:
          filtered: those positives, in evaluation.
          anchor: key of each tuple's anchor, uint64 [t].
        """
        if not self.relation.filtered:
            return NO_EXTRA_FEATURES
        key, of_tuple = np.unique(anchor, return_inverse=True)
        features = [b""] * len(key)
        if filtered is not None:
            bounds, edges = filtered_of(filtered, key, self.relation.seed)
            ids, most = edges.destination_id, MAX_FILTERED_IDS
            add_ids(features, FILTERED_IDS, ids, bounds, most, self.integer_ids)
        return Dictionary(of_tuple.astype(np.int32), Strings.of(features))

    def expected_tuples(self, rows: ShardRows) -> int:
        """See `Planner`. There is no index; tuples are counted as they are read."""
        return 0


def _nth(key: U64) -> U32:
    """The number of each tuple among those of the same members, which follow each other.

    Args:
      key: sorted, uint64 [t].
    """
    return (np.arange(len(key)) - np.searchsorted(key, key)).astype(np.uint32)
