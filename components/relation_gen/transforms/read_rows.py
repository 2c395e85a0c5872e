"""Reads rows: entities, edges between them, or whole tuples; counts what cannot be used."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import example_wire, hashing, shuffle_store, tfrecord_reader
from components.common.row_requirements import EntitySpec, RowSpec
from components.common.row_validation import NotAnExample, Screen, Screened
from components.relation_gen.batches import (
    F32,
    STAR,
    U8,
    Edges,
    Entities,
    Given,
    Index,
    Strings,
    join,
    take,
)
from components.relation_gen.context import Job, range_of
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

    def __init__(self, job: Job) -> None:
        self._job = job

    def screened(
        self, file: tfrecord_reader.InputFile, screen: Screen
    ) -> Iterator[tuple[list[bytes], Screened]]:
        """The batches of a file."""
        for records in tfrecord_reader.read_batches(file.path):
            try:
                yield records, screen(records)
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
            name = self._job.name(kind, code)
            yield beam.pvalue.TaggedOutput(
                COUNTS, ((name, file.input, counters.READ), counters.Tally(len(rows)))
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
        self._screens = {name: Screen(spec.rows) for name, spec in self._job.entities.items()}

    def process(self, file: tfrecord_reader.InputFile) -> Iterator[Any]:
        """Reads a file in batches."""
        job, spec = self._job, self._job.entities[file.input]
        common = spec.name in job.request.common
        by = 0 if common else spec.rows.place(job.partition) or 0
        for records, screened in self.screened(file, self._screens[file.input]):
            reasons = list(screened.reasons)
            if spec.tags is not None:
                tags.check(spec, screened, reasons, job.request.tags)
            split = job.codes_of(spec, file.split, screened.keys[by], spec.rows.keys[by])
            yield from self.counted(file, split, reasons, screened.ids, spec.name)
            good = np.array([not reason for reason in reasons], dtype=bool)
            rows = np.flatnonzero(good & ((split != STAR) | common))
            entities = pack(records, screened, split, rows, spec, job)
            with shuffle_store.Writer(job.spill) as out:
                yield from routed(out, entities, range_of(entities.key, job.blocks), spec.name)


def pack(
    records: Sequence[bytes],
    screened: Screened,
    split: U8,
    rows: Index,
    spec: EntitySpec,
    job: Job,
) -> Entities:
    """The entities of some rows of a screened batch."""
    names, index = spec.rows.encoded_names, rows.tolist()
    tagged = isinstance(job.request.relation, kinds.Tags)
    payloads = []
    for row in index:
        payload = example_wire.payload(example_wire.features_of(records[row]), names)
        if tagged:
            payload += example_wire.pack([tags.label(spec, screened, row, job.request.tags)])
        payloads.append(payload)

    def hashed(name: str | None) -> hashing.U64:
        at = spec.rows.place(name)
        if at is None:
            return np.zeros(len(index), dtype=np.uint64)
        key = spec.rows.keys[at]
        integers = key.integer and key.several is not None
        return hashing.hash_values([screened.keys[at][row] for row in index], integers=integers)

    numbers = [values[rows] for values in screened.numbers]
    block, group = hashed(spec.block), hashed(spec.group)
    if spec.group is not None:  # A block lies in one group.
        block = hashing.mix(hashing.mix(block) + group)
    return Entities(
        hashing.hash_values([screened.ids[row] for row in index], integers=spec.id.integer),
        split[rows],
        block,
        group,
        np.concatenate(numbers, axis=1).reshape(-1) if numbers else np.zeros(0),
        Strings.of(payloads),
    )


class ReadEdges(Read):
    """InputFile of an edge list → (block of the left end, Ref of Edges, or of Given)."""

    def setup(self) -> None:
        """Makes the C++ decoders, which do not pickle."""
        self._screens = {name: Screen(rows) for name, rows in self._job.lists.items()}

    def process(self, file: tfrecord_reader.InputFile) -> Iterator[Any]:
        """Reads a file in batches."""
        job, source = self._job, self._job.request.relation.source
        given = file.input == job.request.given_input
        for _, screened in self.screened(file, self._screens[file.input]):
            reasons = list(screened.reasons)
            found = (_given if given else _edges)(job, screened, reasons)
            split = self._split(file, screened)
            shown = [b" -> ".join(ids) for ids in zip(*screened.keys[:2], strict=True)]
            for row in np.flatnonzero([reason == BAD_PROBABILITY for reason in reasons]).tolist():
                shown[row] += b": %g" % found.value[row]
            yield from self.counted(file, split, reasons, shown, "")
            rows = np.flatnonzero(np.array([not reason for reason in reasons]))
            good = dataclasses.replace(take(found, rows), split=split[rows])
            if isinstance(source, kinds.EdgeSource) and source.symmetric and not given:
                good = _both_ways(good)
                mirrored = counters.Tally(len(rows))
                where = (job.name("", STAR), file.input, counters.MIRRORED)
                yield beam.pvalue.TaggedOutput(COUNTS, (where, mirrored))
            with shuffle_store.Writer(job.spill) as out:
                yield from routed(out, good, range_of(good.left, job.blocks), job.request.ends[0])

    def _split(self, file: tfrecord_reader.InputFile, screened: Screened) -> U8:
        """The split of each edge: the file's, or by a column; STAR: that of its ends."""
        job, spec = self._job, self._job.lists[file.input]
        split = job.partition is not None and job.edges_are_split
        if split and file.input == job.edge_input:
            at = spec.place(job.partition) or 0
            return job.hashed(file.split, screened.keys[at], spec.keys[at])
        return np.full(len(screened.reasons), job.code(file.split), dtype=np.uint8)


def _edges(job: Job, screened: Screened, reasons: list[str]) -> Edges:
    """The edges of a batch; faults are put into `reasons`."""
    spec, asked, source = job.edges, job.request.edges, job.request.relation.source
    assert spec is not None
    assert asked is not None
    assert isinstance(source, kinds.EdgeSource)
    value, positive = values_of(job, screened, reasons, asked.value, source.label)
    if source.label == "binary" and asked.value is not None:
        positive = value[:, 0] == 1
    elif source.positive_from is not None:
        positive = value[:, 0] >= source.positive_from
    weight = np.zeros(0, dtype=np.float32)
    if asked.weight is not None:
        at = spec.number(asked.weight)
        assert at is not None
        weight = screened.numbers[at][:, 0].astype(np.float32)
        _fault(reasons, weight < 0, BAD_WEIGHT)
    value = value.astype(np.float32).reshape(-1)
    return Edges(*_between(job, spec, screened, reasons, value, weight, positive))


def _given(job: Job, screened: Screened, reasons: list[str]) -> Given:
    """The given negatives of a batch; faults are put into `reasons`."""
    spec, asked = job.given, job.request.given
    assert spec is not None
    assert asked is not None
    at = spec.number(asked.probability)
    assert at is not None
    value = screened.numbers[at][:, 0].astype(np.float32)
    _fault(reasons, ~((value > 0) & (value <= 1)), BAD_PROBABILITY)
    nothing, no = np.zeros(0, dtype=np.float32), np.zeros(len(value), dtype=bool)
    return Given(*_between(job, spec, screened, reasons, value, nothing, no))


def _between(
    job: Job,
    spec: RowSpec,
    screened: Screened,
    reasons: list[str],
    value: F32,
    weight: F32,
    positive: np.ndarray[Any, Any],
) -> tuple[Any, ...]:
    """The columns of `Edges`, of which none is between an entity and itself."""
    n = len(reasons)
    left, right = (
        hashing.hash_values(screened.keys[i], integers=spec.keys[i].integer) for i in (0, 1)
    )
    if len(set(job.request.ends)) == 1:
        _fault(reasons, left == right, SELF_EDGE)
    nothing = np.zeros(0, dtype=np.int64)
    return (
        left,
        right,
        np.full(n, STAR, dtype=np.uint8),
        np.zeros(n, dtype=np.uint64),
        value,
        weight,
        positive.astype(np.uint8),
        nothing.astype(np.int32),
        nothing,
        nothing,
        nothing,
        Strings.of(screened.keys[0]),
        Strings.of(screened.keys[1]),
    )


def values_of(
    job: Job, screened: Screened, reasons: list[str], name: str | None, kind: str
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Labels of rows, [n, width], and where they are all there, [n]."""
    n, spec = len(reasons), job.edges
    assert spec is not None
    yes = np.ones(n, dtype=bool)
    if name is None:
        return np.ones((n, 1)), yes
    if kind == "class":
        number = {tag.encode(): i for i, tag in enumerate(job.request.tags)}
        at = spec.place(name)
        assert at is not None
        found = [number.get(value, -1) for value in screened.keys[at]]
        value = np.array(found, dtype=np.float64).reshape(n, 1)
        _fault(reasons, value[:, 0] < 0, UNKNOWN_CLASS)
        return value, yes
    at = spec.number(name)
    assert at is not None
    value = screened.numbers[at]
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
        left=edges.right,
        right=edges.left,
        left_id=edges.right_id,
        right_id=edges.left_id,
    )
    return join([edges, back])


class MakeLabels(beam.DoFn):
    """→ (block, Ref of Entities): the labels themselves, each an entity with an id alone."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, _: None) -> Iterator[Any]:
        """Makes all labels."""
        job, entity = self._job, self._job.request.ends[1]
        spec, tags = job.entities[entity], [tag.encode() for tag in job.request.tags]
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
        with shuffle_store.Writer(job.spill) as out:
            yield from routed(out, entities, range_of(entities.key, job.blocks), entity)
        where = (job.name(entity, STAR), entity, counters.READ)
        yield beam.pvalue.TaggedOutput(COUNTS, (where, counters.Tally(len(tags))))
