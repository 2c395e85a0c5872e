"""Reads rows of edges and of listed negatives, and counts those that cannot be used."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import hashing, shuffle_store, tfrecord_reader
from components.common.row_requirements import RowSpec
from components.common.row_validation import RowValidator, ValidatedRows
from components.relation_gen.batches import (
    F32,
    STAR,
    U8,
    Edges,
    ListedNegatives,
    Strings,
    join,
    take,
)
from components.relation_gen.context import Context, range_of
from components.relation_gen.shuffle_keys import COUNTS, routed
from components.relation_gen.stats import counters
from components.relation_gen.transforms.read_entities import Read
from relation import kinds

SELF_EDGE = "self_edge"
NOT_BINARY = "value_not_0_or_1"
UNKNOWN_CLASS = "unknown_class"
BAD_WEIGHT = "negative_weight"
BAD_PROBABILITY = "probability_not_in_0_1"


class ReadEdges(Read):
    """InputFile of an edge list → (block of the left end, Ref of Edges, or of Given)."""

    def setup(self) -> None:
        """Makes the C++ decoders, which do not pickle."""
        self._validators = {name: RowValidator(rows) for name, rows in self._context.lists.items()}

    def process(self, file: tfrecord_reader.InputFile) -> Iterator[Any]:
        """Reads a file in batches."""
        context, source = self._context, self._context.request.relation.source
        given = file.input == context.request.given_input
        for _, validated in self.validated(file, self._validators[file.input]):
            reasons = list(validated.reasons)
            found = (_given if given else _edges)(context, validated, reasons)
            split = self._split(file, validated)
            shown = [b" -> ".join(ids) for ids in zip(*validated.keys[:2], strict=True)]
            for row in np.flatnonzero([reason == BAD_PROBABILITY for reason in reasons]).tolist():
                shown[row] += b": %g" % found.value[row]
            yield from self.counted(file, split, reasons, shown, "")
            rows = np.flatnonzero(np.array([not reason for reason in reasons]))
            good = dataclasses.replace(take(found, rows), split=split[rows])
            if isinstance(source, kinds.EdgeSource) and source.symmetric and not given:
                good = _both_ways(good)
                reversed_edges = counters.Counter(len(rows))
                where = (context.name("", STAR), file.input, counters.REVERSED_EDGES)
                yield beam.pvalue.TaggedOutput(COUNTS, (where, reversed_edges))
            with shuffle_store.Writer(context.shuffle_folder) as out:
                yield from routed(
                    out, good, range_of(good.source, context.partitions), context.request.ends[0]
                )

    def _split(self, file: tfrecord_reader.InputFile, validated: ValidatedRows) -> U8:
        """The split of each edge: the file's, or by a column; STAR: that of its ends."""
        context, spec = self._context, self._context.lists[file.input]
        split = context.split_by is not None and context.edges_are_split
        if split and file.input == context.edge_input:
            at = spec.key_index(context.split_by) or 0
            return context.hashed(file.split, validated.keys[at], spec.keys[at])
        return np.full(len(validated.reasons), context.code(file.split), dtype=np.uint8)


def _edges(context: Context, validated: ValidatedRows, reasons: list[str]) -> Edges:
    """The edges of a batch; faults are put into `reasons`."""
    spec, asked, source = context.edges, context.request.edges, context.request.relation.source
    assert spec is not None
    assert asked is not None
    assert isinstance(source, kinds.EdgeSource)
    value, positive = values_of(context, validated, reasons, asked.value, source.label)
    if source.label == "binary" and asked.value is not None:
        positive = value[:, 0] == 1
    elif source.positive_from is not None:
        positive = value[:, 0] >= source.positive_from
    weight = np.zeros(0, dtype=np.float32)
    if asked.weight is not None:
        at = spec.number(asked.weight)
        assert at is not None
        weight = validated.numbers[at][:, 0].astype(np.float32)
        _fault(reasons, weight < 0, BAD_WEIGHT)
    value = value.astype(np.float32).reshape(-1)
    return Edges(*_between(context, spec, validated, reasons, value, weight, positive))


def _given(context: Context, validated: ValidatedRows, reasons: list[str]) -> ListedNegatives:
    """The given negatives of a batch; faults are put into `reasons`."""
    spec, asked = context.listed_negatives, context.request.given
    assert spec is not None
    assert asked is not None
    at = spec.number(asked.probability)
    assert at is not None
    value = validated.numbers[at][:, 0].astype(np.float32)
    _fault(reasons, ~((value > 0) & (value <= 1)), BAD_PROBABILITY)
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
    """The columns of `Edges`, of which none is between an entity and itself."""
    n = len(reasons)
    source, destination = (
        hashing.hash_values(validated.keys[i], integers=spec.keys[i].integer) for i in (0, 1)
    )
    if len(set(context.request.ends)) == 1:
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
    context: Context, validated: ValidatedRows, reasons: list[str], name: str | None, kind: str
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Labels of rows, [n, width], and where they are all there, [n]."""
    n, spec = len(reasons), context.edges
    assert spec is not None
    yes = np.ones(n, dtype=bool)
    if name is None:
        return np.ones((n, 1)), yes
    if kind == "class":
        number = {tag.encode(): i for i, tag in enumerate(context.request.tags)}
        at = spec.key_index(name)
        assert at is not None
        found = [number.get(value, -1) for value in validated.keys[at]]
        value = np.array(found, dtype=np.float64).reshape(n, 1)
        _fault(reasons, value[:, 0] < 0, UNKNOWN_CLASS)
        return value, yes
    at = spec.number(name)
    assert at is not None
    value = validated.numbers[at]
    if kind == "binary":
        _fault(reasons, (value[:, 0] != 0) & (value[:, 0] != 1), NOT_BINARY)
    elif kind == "vector":
        _fault(reasons, np.isnan(value).any(axis=1), "value_too_short")
    return value, yes


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
