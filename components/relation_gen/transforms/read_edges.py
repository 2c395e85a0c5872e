"""Read rows of edges and of listed negatives, and count those that cannot be used."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import hashing
from components.common.columns import Strings, join, take
from components.common.input_files import InputFile
from components.common.rows.example_decoder import read_decoded
from components.common.rows.row_requirements import RowSpec
from components.common.rows.row_validation import RowValidator, ValidatedRows
from components.relation_gen.batches import F32, F64, STAR, U8, Edges, ListedNegatives
from components.relation_gen.context import Context
from components.relation_gen.shuffle_keys import Element, part_of, routed
from components.relation_gen.stats import counters
from components.relation_gen.transforms.read_entities import ReadRows
from relation.spec import LabelKind

SELF_EDGE = "self_edge"
UNKNOWN_CLASS = "unknown_class"


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class ReadEdges(ReadRows):
    """A file of a list → `Edges`, or `ListedNegatives`, by the partition of their source."""

    def setup(self) -> None:
        """Makes the C++ decoders, which do not pickle."""
        self._validators = {name: RowValidator(rows) for name, rows in self.context.lists.items()}

    def process(self, file: InputFile) -> Iterator[Any]:
        context, edge_table = self.context, self.context.relation.edge_table
        listed = file.input == context.negatives_table
        for _, validated in read_decoded(file.path, self._validators[file.input]):
            reasons = list(validated.reasons)
            batch = (_listed_negatives if listed else _edges)(context, validated, reasons)
            split = self._split(file, validated)
            shown = [b" -> ".join(ids) for ids in zip(*validated.keys[:2], strict=True)]
            yield from self.counted(file, validated, split, reasons, shown, "")
            rows = np.flatnonzero(np.array([not reason for reason in reasons]))
            good = dataclasses.replace(take(batch, rows), split=split[rows])
            if edge_table is not None and edge_table.symmetric and not listed:
                good = _both_ways(good)
                where = (context.name("", STAR), file.input, counters.REVERSED_EDGES)
                yield counters.tagged(where, counters.Counter(len(rows)))
            with context.store.writer() as out:
                yield from routed(
                    out, good, part_of(good.source, context.partitions), context.relation.anchor
                )

    def _split(self, file: InputFile, validated: ValidatedRows) -> U8:
        """The split of each edge, uint8 [n]: of its file, or by a column; STAR: that of its
        endpoints."""
        context, spec = self.context, self.context.lists[file.input]
        split = context.split_by is not None and context.relation.edges_are_split
        if split and file.input == context.related_table:
            at = spec.key_index(context.split_by) or 0
            return context.hashed(file.split, validated.keys[at], spec.keys[at])
        return np.full(len(validated.reasons), context.code(file.split), dtype=np.uint8)


def _edges(context: Context, validated: ValidatedRows, reasons: list[str]) -> Edges:
    """Reads the edges of a batch; records faults in `reasons`."""
    spec, table = context.tables[context.related_table], context.relation.edge_table
    assert table is not None
    value = values_of(context, validated, reasons, table.value, table.label)
    positive = table.related(value[:, 0])
    weight = np.zeros(0, dtype=np.float32)
    if table.weight is not None:
        at = spec.number(table.weight)
        assert at is not None
        weight = validated.numbers[at][:, 0].astype(np.float32)
    values = value.astype(np.float32).reshape(-1)
    return Edges(*_between(context, spec, validated, reasons, values, weight, positive))


def _listed_negatives(
    context: Context, validated: ValidatedRows, reasons: list[str]
) -> ListedNegatives:
    """Reads the listed negatives of a batch; records faults in `reasons`."""
    spec, table = context.tables[context.negatives_table], context.relation.negatives_table
    assert table is not None
    at = spec.number(table.probability)
    assert at is not None
    value = validated.numbers[at][:, 0].astype(np.float32)
    nothing, no = np.zeros(0, dtype=np.float32), np.zeros(len(value), dtype=bool)
    return ListedNegatives(*_between(context, spec, validated, reasons, value, nothing, no))


def _between(
    context: Context,
    spec: RowSpec,
    validated: ValidatedRows,
    reasons: list[str],
    value: F32,
    weight: F32,
    positive: np.ndarray[Any, Any],
) -> tuple[Any, ...]:
    """Makes the columns of `Edges` for n rows; records self-loops in `reasons`.

    Args:
      value: float32 [n * width].
      weight: float32 [n], or empty.
      positive: bool [n].
    """
    n = len(reasons)
    source, destination = (
        hashing.hash_values(validated.keys[i], integers=spec.keys[i].integer) for i in (0, 1)
    )
    if context.relation.anchor == context.relation.candidate:
        _fault(reasons, source == destination, SELF_EDGE)
    nothing = np.zeros(0, dtype=np.int64)
    return (
        source,
        destination,
        np.full(n, STAR, dtype=np.uint8),
        np.zeros(n, dtype=np.uint64),
        value,
        weight,
        positive.astype(np.uint8),
        nothing.astype(np.int32),
        nothing,
        nothing,
        nothing,
        Strings.of(validated.keys[0]),
        Strings.of(validated.keys[1]),
    )


def values_of(
    context: Context,
    validated: ValidatedRows,
    reasons: list[str],
    name: str | None,
    kind: LabelKind,
) -> F64:
    """Reads the labels of rows, [n, width]; 1 where no column holds them. Records faults in
    `reasons`."""
    n, spec = len(reasons), context.tables[context.related_table]
    if name is None:
        return np.ones((n, 1))
    if kind is LabelKind.CLASS:
        number = {tag.encode(): i for i, tag in enumerate(context.relation.label.domain)}
        at = spec.key_index(name)
        assert at is not None
        numbers = [number.get(value, -1) for value in validated.keys[at]]
        value = np.array(numbers, dtype=np.float64).reshape(n, 1)
        _fault(reasons, value[:, 0] < 0, UNKNOWN_CLASS)
        return value
    at = spec.number(name)
    assert at is not None
    value = validated.numbers[at]
    if kind is LabelKind.VECTOR:
        _fault(reasons, np.isnan(value).any(axis=1), "value_too_short")
    return value


def _fault(reasons: list[str], wrong: np.ndarray[Any, Any], reason: str) -> None:
    for row in np.flatnonzero(wrong).tolist():
        reasons[row] = reasons[row] or reason


def _both_ways(edges: Edges) -> Edges:
    back = dataclasses.replace(
        edges,
        source=edges.destination,
        destination=edges.source,
        source_id=edges.destination_id,
        destination_id=edges.source_id,
    )
    return join([edges, back])
