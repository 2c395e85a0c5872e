"""How many tuples a cell is expected to make: output shards are cut by it."""

import numpy as np

from components.relation_gen.batches import Edges, IndexShard
from components.relation_gen.sampling import groups, ranking
from relation import kinds
from relation.materialization import Materialization
from relation.sampling import PairSampling


def tuples(
    request: Materialization, shard: IndexShard, edges: Edges | None, grade: int | None
) -> int:
    """An estimate, from above where edges are many."""
    relation, n = request.relation, len(shard.key)
    if isinstance(relation, kinds.Lists):
        return int((shard.position == shard.start).sum())
    if isinstance(relation, kinds.RankedPairs):
        assert grade is not None
        possible = ranking.graded(shard, grade).possible
        return int(np.minimum(possible, relation.sampling.pairs_per_group).sum())
    if isinstance(relation, kinds.ScoredPairs):
        return n * relation.sampling.pairs_per_anchor
    if isinstance(relation, kinds.Tags):
        return n
    assert not isinstance(relation, kinds.Rows)
    if isinstance(relation.source, kinds.SameLabel):
        return int(groups.anchor_repeats(shard, relation.sampling).sum()) * groups.per_anchor(
            relation
        )
    each = 1
    if isinstance(relation.sampling, PairSampling):
        each += relation.sampling.negative_count
    return len(edges.source) * each if edges is not None else 0
