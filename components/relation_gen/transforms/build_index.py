"""Sort the entities of each index shard, count possible tuples, and locate the ends of edges."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np

from components.common.columns import Index, Strings, join, take
from components.common.example_wire import split_joined
from components.common.hashing import Purpose
from components.common.shuffle_store import Writer
from components.relation_gen.batches import (
    CAPPED,
    F64,
    POSITIVE,
    Edges,
    FilteredEdges,
    GroupLabels,
    Indexed,
    IndexShard,
    ListedNegatives,
    Queries,
)
from components.relation_gen.context import Context
from components.relation_gen.index.layout import TOP_WEIGHTS
from components.relation_gen.index.shard import populate, positions_of, weigh
from components.relation_gen.index.side_inputs import ShardTotal
from components.relation_gen.rows.repeated import AVERAGED_EDGE, merge_edges, repeats
from components.relation_gen.sampling.base import ShardRows, planner_of
from components.relation_gen.sampling.label_sets import LabelSets
from components.relation_gen.shuffle_keys import Element, Gathered, part_of, routed
from components.relation_gen.stats import counters
from relation.core.errors import DataError, show
from relation.core.splitmix import random_bits
from relation.sampling import Negatives

NO_QUERY = "no_query"


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class BuildIndex(beam.DoFn):
    """Build index shards: `Indexed`, `GroupLabels`, `Queries` and edges → `IndexShard`.

    Tagged outputs: the shard's counts, and edges and listed negatives by their anchors.
    """

    TAGS = TOTALS, EDGES = "totals", "edges"

    context: Context

    def process(self, element: Gathered) -> Iterator[Any]:
        """Builds one index shard."""
        key, refs = element
        context, (_, split, number) = self.context, key
        parts: dict[type, list[Any]] = {
            kind: []
            for kind in (Indexed, GroupLabels, Queries, Edges, ListedNegatives, FilteredEdges)
        }
        for part in context.store.read(refs):
            parts[type(part)].append(part)
        if not parts[Indexed]:
            yield from self._without_entities(split, parts)
            return
        indexed, group_labels = join(parts[Indexed]), _labels(parts[GroupLabels], self._field())
        if context.relation.query is not None:
            indexed, unknown = _of_known_query(indexed, parts[Queries])
            yield from counters.counted(
                split, context.relation.primary, {counters.WARNINGS + NO_QUERY: unknown}
            )
        spec = context.entities[context.relation.candidate].rows
        shard = populate(indexed, context.seed, spec.number(context.relation.grade_by))
        if context.relation.structure == "groups" and not context.relates_groups:
            labels = int((shard.position == shard.start).sum())
            yield from counters.counted(split, context.relation.primary, {counters.LABELS: labels})
        edges: Edges | None = None
        listed: Edges | None = None
        if parts[Edges]:
            edges, lost = self._merged(split, join(parts.pop(Edges)))
            yield from lost
        if parts[ListedNegatives]:
            listed, lost = self._merged(split, join(parts.pop(ListedNegatives)))
            yield from lost
        shard = self._weighed(shard, edges)
        filtered = None
        if parts[FilteredEdges]:
            filtered = self._filtered(shard, join(parts.pop(FilteredEdges)), edges)
        with context.store.writer() as out:
            yield key, out.add(shard)
            for some in (edges, listed, filtered):
                if some is not None:
                    yield from self._located(out, split, number, shard, some)
        if edges is not None and context.relation.edge_table is not None:
            used = {counters.USED: len(edges.source)}
            yield from counters.counted(split, context.related_table, used)
        yield beam.pvalue.TaggedOutput(
            self.TOTALS, self._total(split, number, shard, group_labels, edges)
        )

    def _field(self) -> str:
        return self.context.entities[self.context.indexed or ""].group or ""

    def _weighed(self, shard: IndexShard, edges: Edges | None) -> IndexShard:
        negatives = self.context.relation.sampling.negative_sampler
        if negatives is None:
            return shard
        return weigh(shard, negatives, self._frequency(shard, edges, negatives))

    def _frequency(
        self, shard: IndexShard, edges: Edges | None, negatives: Negatives
    ) -> F64 | None:
        if negatives.draw != "popularity":
            return None
        if negatives.feature is not None:
            column = self.context.entities[self.context.indexed or ""].rows.number(
                negatives.feature
            )
            assert column is not None
            return shard.number(column)
        count = np.zeros(len(shard.key))
        if edges is not None:
            np.add.at(count, positions_of(shard, edges.destination), 1.0)
        return count

    def _located(
        self, out: Writer, split: str, number: int, shard: IndexShard, edges: Edges
    ) -> Iterator[Any]:
        """Send edges to the shards of their anchors, with the positions of their destinations."""
        context = self.context
        at = positions_of(shard, edges.destination)
        nothing = np.zeros(0, dtype=np.int64)
        weighted = len(shard.weights) > 0
        edges = dataclasses.replace(
            edges,
            shard=np.full(len(at), number, dtype=np.int32),
            position=at,
            weight_offset=shard.cumulative_weight[at] if weighted else nothing,
            destination_weight=shard.weights[at] if weighted else nothing,
        )
        source, destination = context.relation.anchor, context.relation.candidate
        if source == destination:
            index = context.shard_of(source, edges.source, edges.group)
        else:
            index = part_of(edges.source, context.partitions)
        edges = dataclasses.replace(edges, split=edges.split[:0], group=edges.group[:0])
        for routed_to in routed(out, edges, index, destination, split):
            yield beam.pvalue.TaggedOutput(self.EDGES, routed_to)

    def _filtered(
        self, shard: IndexShard, filtered: FilteredEdges, edges: Edges | None
    ) -> FilteredEdges:
        """Each positive of other splits once, with the positives of this split at its end."""
        same = repeats((filtered.source, filtered.destination), ())
        filtered = take(filtered, same.order[same.kept])
        count = np.zeros(len(shard.key), dtype=np.float32)
        if edges is not None:
            at = positions_of(shard, edges.destination[edges.positive == POSITIVE])
            np.add.at(count, at, 1.0)
        value = count[positions_of(shard, filtered.destination)]
        return dataclasses.replace(filtered, value=value)

    def _merged(self, split: str, edges: Edges) -> tuple[Edges, list[Any]]:
        """Keep one edge for each pair of entities, unless repeated ones are kept; count the
        rest."""
        context, table = self.context, self.context.relation.edge_table
        lost = []
        listed = isinstance(edges, ListedNegatives)
        if listed or (table is not None and table.repeated != "keep"):
            name = context.list_of(edges)
            edges, skipped, averaged = merge_edges(edges, None if listed else table)
            for reason, ids in skipped.items():
                if ids:
                    where = (split, name, counters.SKIPPED + reason)
                    lost.append(counters.tagged(where, counters.of(len(ids), ids)))
            used = {counters.USED: averaged, counters.WARNINGS + AVERAGED_EDGE: averaged}
            lost += counters.counted(split, name, used)
        edges = self._bare(edges)
        cap = context.relation.sampling.caps.positives_per_entity
        return (edges if cap is None else _capped(edges, context.seed, cap)), lost

    def _bare(self, edges: Edges) -> Edges:
        """Drop the ids of edges that no later step needs."""
        kept = self.context.relation.sampling.known_positives > 0
        destination = edges.destination_id if kept else Strings.of([])
        return dataclasses.replace(edges, source_id=Strings.of([]), destination_id=destination)

    def _without_entities(self, split: str, parts: dict[type, list[Any]]) -> Iterator[Any]:
        """Handle a shard that holds only labels or queries: nothing is drawn there."""
        if parts[Edges] or parts[ListedNegatives] or parts[FilteredEdges]:
            raise RuntimeError(f"split {split!r}: edges name entities that the split does not hold")
        return iter(())

    def _total(
        self,
        split: str,
        number: int,
        shard: IndexShard,
        group_labels: "_LabelsByGroup",
        edges: Edges | None,
    ) -> ShardTotal:
        context = self.context
        first = np.flatnonzero(shard.position == shard.start)
        shown = min(
            (b" ".join(split_joined(data)) for _, data in group_labels.values()), default=b""
        )
        return ShardTotal(
            split=split,
            shard=number,
            rows=len(shard.key),
            total_weight=shard.weight,
            top_weights=tuple(shard.top_weights(TOP_WEIGHTS)),
            groups=len(first) if group_labels else 0,
            related=int((shard.end - shard.start > 1).sum()),
            label=show(shown),
            expected=planner_of(context.relation).expected_tuples(ShardRows(shard, edges)),
            label_sets=_label_sets(shard, first, group_labels)
            if context.relates_groups
            else LabelSets.empty(),
            weighing=self._weighing(shard, edges),
        )

    def _weighing(self, shard: IndexShard, edges: Edges | None) -> int:
        """How many edges, or entities where these are weighted, weigh something as tuples."""
        if edges is not None and len(edges.weight):
            return int(np.count_nonzero(edges.weight))
        relation = self.context.relation
        if relation.anchor != relation.candidate:
            return 0
        column = self.context.entities[relation.anchor].rows.number(relation.sampling.weight)
        return 0 if column is None else int(np.count_nonzero(shard.number(column)))


_LabelsByGroup = dict[int, tuple[int, bytes]]


def _labels(parts: Sequence[GroupLabels], field: str) -> _LabelsByGroup:
    """The negatives' group, and the labels (each behind its length), of each group, by its hash.

    Raises:
      DataError: two sets of labels have one hash.
    """
    by_group: _LabelsByGroup = {}
    for part in parts:
        columns = (part.group.tolist(), part.negatives_group.tolist(), part.labels)
        for group, negatives_group, labels in zip(*columns, strict=True):
            if by_group.setdefault(group, (negatives_group, labels))[1] != labels:
                both = " and ".join(show(_shown(x)) for x in (by_group[group][1], labels))
                raise DataError(
                    f"feature {field!r}: the values {both} have the same 64-bit hash: rename one"
                )
    return by_group


def _shown(labels: bytes) -> bytes:
    return b" ".join(split_joined(labels))


def _label_sets(shard: IndexShard, first: Index, group_labels: _LabelsByGroup) -> LabelSets:
    """The groups of a shard, whose positions begin at `first`, intp [g]."""
    end = shard.end[first]
    axis = shard.cumulative_weight if len(shard.weights) else np.arange(len(shard.key) + 1)
    group = shard.group[first]
    labels = [group_labels[key] for key in group.tolist()]
    return LabelSets(
        group=group,
        negatives_group=np.array([negatives for negatives, _ in labels], dtype=np.uint64),
        labels=Strings.of([data for _, data in labels]),
        start=first,
        rows=end - first,
        weight_start=axis[first],
        weight=axis[end] - axis[first],
    )


def _of_known_query(indexed: Indexed, queries: Sequence[Queries]) -> tuple[Indexed, int]:
    """Select the documents whose query exists, and count the others."""
    queried = np.concatenate([part.key for part in queries]) if queries else indexed.key[:0]
    rows = np.flatnonzero(np.isin(indexed.group, queried))
    return take(indexed, rows), len(indexed.key) - len(rows)


def _capped(edges: Edges, seed: int, cap: int) -> Edges:
    """Cap the edges in which an entity is a positive: keep the first `cap` by a hash."""
    rows = np.flatnonzero(edges.positive == POSITIVE)
    source, destination = edges.source[rows], edges.destination[rows]
    priority = random_bits(seed, Purpose.CUTS, source, destination)
    order = np.lexsort((source, priority, destination))
    ordered = destination[order]
    nth = np.arange(len(rows)) - np.searchsorted(ordered, ordered)
    positive = edges.positive.copy()
    positive[rows[order[nth >= cap]]] = CAPPED
    return dataclasses.replace(edges, positive=positive)
