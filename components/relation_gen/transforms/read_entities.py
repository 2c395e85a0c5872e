"""Reads rows of entities, and counts those that cannot be used."""

from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import example_wire, hashing, shuffle_store, tfrecord_reader
from components.common.row_requirements import EntitySpec
from components.common.row_validation import NotAnExample, RowValidator, ValidatedRows
from components.relation_gen.batches import (
    STAR,
    U8,
    Entities,
    Index,
    Strings,
)
from components.relation_gen.context import Context, range_of
from components.relation_gen.rows import multi_label as tags
from components.relation_gen.rows.group_key import group_hashes
from components.relation_gen.shuffle_keys import COUNTS, routed
from components.relation_gen.stats import counters
from relation.core.errors import DataError


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
        common = spec.name in context.relation.shared
        by = 0 if common else spec.rows.key_index(context.split_by) or 0
        for records, validated in self.validated(file, self._validators[file.input]):
            reasons = list(validated.reasons)
            if spec.tags is not None:
                tags.check(spec, validated, reasons, context.relation.label.domain)
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
    tagged, domain = context.relation.structure == "tags", context.relation.label.domain
    payloads = []
    for row in index:
        payload = example_wire.payload(example_wire.features_of(records[row]), names)
        if tagged:
            payload += example_wire.pack([tags.label(spec, validated, row, domain)])
        payloads.append(payload)

    def hashed(name: str | None) -> hashing.U64:
        at = spec.rows.key_index(name)
        if at is None:
            return np.zeros(len(index), dtype=np.uint64)
        key = spec.rows.keys[at]
        integers = key.integer and key.several is not None
        return hashing.hash_values([validated.keys[at][row] for row in index], integers=integers)

    numbers = [values[rows] for values in validated.numbers]
    group, negatives_group = group_hashes(spec, validated, index), hashed(spec.negatives_group)
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


class MakeLabels(beam.DoFn):
    """→ (block, Ref of Entities): the labels themselves, each an entity with an id alone."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def process(self, _: None) -> Iterator[Any]:
        """Makes all labels."""
        context, entity = self._context, self._context.relation.candidate
        spec = context.entities[entity]
        tags = [tag.encode() for tag in context.relation.label.domain]
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
