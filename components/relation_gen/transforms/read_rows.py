"""Reads rows: entities, edges between them, or whole tuples; counts what cannot be used."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import example_wire, hashing, shuffle_store, tfrecord_reader
from components.common.row_requirements import EntitySpec, RowSpec
from components.common.row_validation import NotAnExample, RowValidator, ValidatedRows
from components.relation_gen.batches import (
    F32,
    STAR,
    U8,
    Edges,
    Entities,
    Index,
    ListedNegatives,
    Strings,
    join,
    take,
)
from components.relation_gen.context import Context, range_of
from components.relation_gen.rows import multi_label as tags
from components.relation_gen.shuffle_keys import COUNTS, routed
from components.relation_gen.stats import counters
from relation import kinds
from relation.core.errors import DataError

SELF_EDGE = "self_edge"
NOT_BINARY = "value_not_0_or_1"
UNKNOWN_CLASS = "unknown_class"
BAD_WEIGHT = "negative_weight"
BAD_PROBABILITY = "probability_not_in_0_1"


class Read(beam.DoFn):
    """Reads files in batches, and screens them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def validated(
        self, file: tfrecord_reader.InputFile, validator: RowValidator
    ) -> Iterator[tuple[list[bytes], ValidatedRows]]:
        """The batches of a file."""
        for records in tfrecord_reader.read_batches(file.path):
            try:
                yield records, validator(records)
            except NotAnExample:
                raise DataError(f"{file.path}: holds a record that is no tf.Example") from None

    def counted(
        self,
        file: tfrecord_reader.InputFile,
        split: U8,
        reasons: Sequence[str],
        ids: list[bytes],
        kind: str,
    ) -> Iterator[Any]:
        """Counts the rows of a batch: all, and those that cannot be used by reason.

        `kind`: the entity type whose populations the splits name, "" for edges.
        """
        for code in np.unique(split).tolist():
            rows = np.flatnonzero(split == code).tolist()
            name = self._context.name(kind, code)
            yield beam.pvalue.TaggedOutput(
                COUNTS, ((name, file.input, counters.READ), counters.Counter(len(rows)))
            )
            bad: dict[str, list[bytes]] = {}
            for row in rows:
                if reasons[row]:
                    bad.setdefault(reasons[row], []).append(ids[row])
            for reason, found in bad.items():
                where = (name, file.input, counters.SKIPPED + reason)
                yield beam.pvalue.TaggedOutput(
                    COUNTS, (where, counters.of(len(found), [value for value in found if value]))
                )


class ReadEntities(Read):
    """InputFile of an entity type → (block, Ref of Entities)."""

    def setup(self) -> None:
        """Makes the C++ decoders, which do not pickle."""
        self._validators = {
            name: RowValidator(spec.rows) for name, spec in self._context.entities.items()
        }

    def process(self, file: tfrecord_reader.InputFile) -> Iterator[Any]:
        """Reads a file in batches."""
        context, spec = self._context, self._context.entities[file.input]
        common = spec.name in context.request.common
        by = 0 if common else spec.rows.key_index(context.split_by) or 0
        for records, validated in self.validated(file, self._validators[file.input]):
            reasons = list(validated.reasons)
            if spec.tags is not None:
                tags.check(spec, validated, reasons, context.request.tags)
            split = context.codes_of(spec, file.split, validated.keys[by], spec.rows.keys[by])
            yield from self.counted(file, split, reasons, validated.ids, spec.name)
            good = np.array([not reason for reason in reasons], dtype=bool)
            rows = np.flatnonzero(good & ((split != STAR) | common))
            entities = pack(records, validated, split, rows, spec, context)
            with shuffle_store.Writer(context.shuffle_folder) as out:
                yield from routed(
                    out, entities, range_of(entities.key, context.partitions), spec.name
                )


def pack(
    records: Sequence[bytes],
    validated: ValidatedRows,
    split: U8,
    rows: Index,
    spec: EntitySpec,
    context: Context,
) -> Entities:
    """The entities of some rows of a screened batch."""
    names, index = spec.rows.encoded_names, rows.tolist()
    tagged = isinstance(context.request.relation, kinds.Tags)
    payloads = []
    for row in index:
        payload = example_wire.payload(example_wire.features_of(records[row]), names)
        if tagged:
            payload += example_wire.pack([tags.label(spec, validated, row, context.request.tags)])
        payloads.append(payload)

    def hashed(name: str | None) -> hashing.U64:
        at = spec.rows.key_index(name)
        if at is None:
            return np.zeros(len(index), dtype=np.uint64)
        key = spec.rows.keys[at]
        integers = key.integer and key.several is not None
        return hashing.hash_values([validated.keys[at][row] for row in index], integers=integers)

    numbers = [values[rows] for values in validated.numbers]
    group, negatives_group = hashed(spec.group), hashed(spec.negatives_group)
    if spec.negatives_group is not None:  # A block lies in one group.
        group = hashing.mix(hashing.mix(group) + negatives_group)
    return Entities(
        hashing.hash_values([validated.ids[row] for row in index], integers=spec.id.integer),
        split[rows],
        group,
        negatives_group,
        np.concatenate(numbers, axis=1).reshape(-1) if numbers else np.zeros(0),
        Strings.of(payloads),
    )


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


class MakeLabels(beam.DoFn):
    """→ (block, Ref of Entities): the labels themselves, each an entity with an id alone."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, _: None) -> Iterator[Any]:
        """Makes all labels."""
        context, entity = self._context, self._context.request.ends[1]
        spec, tags = context.entities[entity], [tag.encode() for tag in context.request.tags]
        nothing = np.zeros(len(tags), dtype=np.uint64)
        payloads = [
            example_wire.pack(
                [example_wire.keyed([tag], spec.id.integer), *(None for _ in spec.rows.names[1:])]
            )
            for tag in tags
        ]
        entities = Entities(
            hashing.hash_values(tags, integers=spec.id.integer),
            np.full(len(tags), STAR, dtype=np.uint8),
            nothing,
            nothing,
            np.zeros(0),
            Strings.of(payloads),
        )
        with shuffle_store.Writer(context.shuffle_folder) as out:
            yield from routed(out, entities, range_of(entities.key, context.partitions), entity)
        where = (context.name(entity, STAR), entity, counters.READ)
        yield beam.pvalue.TaggedOutput(COUNTS, (where, counters.Counter(len(tags))))
