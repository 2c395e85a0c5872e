"""Pairs that a function scores, and entities with their own tags."""

from collections.abc import Iterator

import numpy as np

from components.relation_gen.batches import IndexShard
from components.relation_gen.sampling import compose, plan, without_replacement
from components.relation_gen.sampling.plan import AddressSpace, Members, Plan
from relation.kinds import ScoredPairs


def scored(
    population: IndexShard, position: int, rows: int, relation: ScoredPairs, width: int
) -> Iterator[Plan]:
    """Plans pairs of an anchor and others, of its block or of all; their label comes later.

    Args:
      position: where the cell begins in the dense index.
      rows: entities in the index.
      width: values of a label.
    """
    sampling = relation.sampling
    wanted = np.full(len(population.key), sampling.pairs_per_anchor, dtype=np.int64)
    for part in plan.chunks(wanted):
        own = population.position[part] + position
        if sampling.group is None:
            low, high = np.zeros_like(own), np.full_like(own, rows)
        else:
            low, high = population.start[part] + position, population.end[part] + position
        ranges = without_replacement.Gap(low, high, own, own + 1)
        key, asked, others = population.key[part], wanted[part], ranges.size()
        drawn = without_replacement.distinct(relation.seed, plan.PAIRS, key, asked, others)
        anchor = key[drawn.row]
        lacking = np.maximum(asked - others, 0)
        yield Plan(
            anchor=anchor,
            slot=drawn.slot.astype(np.uint32),
            members=(
                Members(0, AddressSpace.KEY, anchor),
                Members(1, AddressSpace.POSITION, ranges.position(drawn.row, drawn.value)),
            ),
            relation=np.full(len(anchor) * width, np.nan, dtype=np.float32),
            weight=compose.NOTHING,
            asked=int(asked.sum()),
            shortfall={
                plan.ALONE: int(lacking[others == 0].sum()),
                plan.TOO_FEW_OTHERS: int(lacking[others > 0].sum()),
            },
        )


def tagged(population: IndexShard) -> Iterator[Plan]:
    """Plans a tuple of each entity; its tags are in its payload."""
    for part in plan.chunks(np.ones(len(population.key), dtype=np.int64)):
        key = population.key[part]
        yield Plan(
            anchor=key,
            slot=np.zeros(len(key), dtype=np.uint32),
            members=(Members(0, AddressSpace.KEY, key),),
            relation=compose.NOTHING,
            weight=compose.NOTHING,
            asked=len(key),
            shortfall={},
        )
