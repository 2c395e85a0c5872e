"""Read rows of entities, and count those that cannot be used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import example_wire, hashing
from components.common.columns import Index, Strings
from components.common.input_files import InputFile
from components.common.rows.example_decoder import read_decoded
from components.common.rows.row_requirements import EntitySpec
from components.common.rows.row_validation import RowValidator, ValidatedRows
from components.relation_gen.batches import STAR, U8, Entities
from components.relation_gen.context import Context
from components.relation_gen.rows import multi_label as tags
from components.relation_gen.rows.group_key import group_hashes
from components.relation_gen.shuffle_keys import Element, part_of, routed
from components.relation_gen.stats import counters
from relation.core import splitmix


@dataclass(eq=False)
class ReadRows(beam.DoFn):
    """Reads files of rows, and counts them."""

    context: Context

    def counted(
        self,
        file: InputFile,
        validated: ValidatedRows,
        split: U8,
        reasons: Sequence[str],
        ids: list[bytes],
        kind: str,
    ) -> Iterator[Any]:
        """Count the rows of a batch: all, and unusable ones by reason.

        Args:
          validated: the batch.
          split: index of the split of each row, uint8 [n].
          reasons: the reason why each row cannot be used; "" if it can.
          ids: the id of each row.
          kind: the entity type whose populations the splits name, "" for edges.
        """
        names = validated.described(ids)
        for code in np.unique(split).tolist():
            rows = np.flatnonzero(split == code).tolist()
            name = self.context.name(kind, code)
            yield from counters.counted(name, file.input, {counters.READ: len(rows)})
            bad: dict[str, list[bytes]] = {}
            for row in rows:
                if reasons[row]:
                    bad.setdefault(reasons[row], []).append(names[row])
            for reason, left_out in bad.items():
                where = (name, file.input, counters.SKIPPED + reason)
                yield counters.tagged(where, counters.of(len(left_out), filter(None, left_out)))


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class ReadEntities(ReadRows):
    """A file of an entity type → `Entities`, by partition."""

    def setup(self) -> None:
        """Makes the C++ decoders, which do not pickle."""
        self._validators = {
            name: RowValidator(spec.rows) for name, spec in self.context.entities.items()
        }

    def process(self, file: InputFile) -> Iterator[Any]:
        context, spec = self.context, self.context.entities[file.input]
        common = spec.name in context.relation.shared
        by = 0 if common else spec.rows.key_index(context.split_by) or 0
        for records, validated in read_decoded(file.path, self._validators[file.input]):
            reasons = list(validated.reasons)
            if spec.tags is not None:
                tags.check(spec, validated, reasons, context.relation.label.domain)
            split = context.codes_of(spec, file.split, validated.keys[by], spec.rows.keys[by])
            yield from self.counted(file, validated, split, reasons, validated.ids, spec.name)
            good = np.array([not reason for reason in reasons], dtype=bool)
            rows = np.flatnonzero(good & ((split != STAR) | common))
            entities = pack(records, validated, split, rows, spec, context)
            with context.store.writer() as out:
                yield from routed(
                    out, entities, part_of(entities.key, context.partitions), spec.name
                )


def pack(
    records: Sequence[bytes],
    validated: ValidatedRows,
    split: U8,
    rows: Index,
    spec: EntitySpec,
    context: Context,
) -> Entities:
    """Packs some rows of a validated batch as entities.

    Args:
      split: index of the split of each row of the batch, uint8 [n].
      rows: rows to pack, intp [m].
    """
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
    if spec.negatives_group is not None:  # A group lies within one group of negatives.
        group = splitmix.mix(splitmix.mix(group) + negatives_group)
    return Entities(
        hashing.hash_values([validated.ids[row] for row in index], integers=spec.id.integer),
        split[rows],
        group,
        negatives_group,
        np.concatenate(numbers, axis=1).reshape(-1) if numbers else np.zeros(0),
        Strings.of(payloads),
    )


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class MakeLabels(beam.DoFn):
    """Makes an entity for each label, with only an id, by partition."""

    context: Context

    def process(self, _: None) -> Iterator[Any]:
        context, entity = self.context, self.context.relation.candidate
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
        with context.store.writer() as out:
            yield from routed(out, entities, part_of(entities.key, context.partitions), entity)
        home = context.name(entity, STAR)
        yield from counters.counted(home, entity, {counters.READ: len(tags)})
