"""Read rows that hold whole tuples, and take them apart into entities and keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np

from components.common import example_wire, hashing
from components.common.columns import Index, Strings, take
from components.common.input_files import InputFile
from components.common.rows.example_decoder import read_decoded
from components.common.rows.row_validation import RowValidator, ValidatedRows
from components.relation_gen.batches import F32, STAR, U8, Entities, Tuples
from components.relation_gen.shuffle_keys import Element, part_of, routed
from components.relation_gen.transforms.read_edges import values_of
from components.relation_gen.transforms.read_entities import ReadRows
from relation.core import splitmix
from relation.names import prefixed
from relation.spec import Role


@beam.typehints.with_output_types(Element)
@dataclass(eq=False)
class ReadInlineTuples(ReadRows):
    """A file of rows that hold the members of tuples → `Tuples`, by partition of their key; where
    positives of other splits are filtered, of their anchor's.

    Tagged output: ENTITIES, the members as `Entities`, by partition. An id that a row does not hold
    is derived from the member's other features.
    """

    ENTITIES = "entities"

    def setup(self) -> None:
        """Makes the C++ decoder, which does not pickle."""
        self._validator = RowValidator(self.context.tables[self.context.related_table])

    def process(self, file: InputFile) -> Iterator[Any]:
        context = self.context
        table = context.tables[context.related_table]
        for records, validated in read_decoded(file.path, self._validator):
            reasons = list(validated.reasons)
            label = self._label(validated, reasons)
            features = [example_wire.features_of(record) for record in records]
            members = [self._members(features, role) for role in context.relation.tuples.roles]
            ids = [value for value, _ in members[0]]
            by, key = ids, context.entities[context.relation.tuples.roles[0].entity].id
            if (at := table.key_index(context.split_by)) is not None:
                by, key = validated.keys[at], table.keys[at]
            split = context.hashed(file.split, by, key)
            yield from self.counted(file, validated, split, reasons, ids, "")
            rows = np.flatnonzero(np.array([not reason for reason in reasons]))
            with context.store.writer() as out:
                keyed = []
                for role, of_role in zip(context.relation.tuples.roles, members, strict=True):
                    entities = self._entities(role.entity, of_role, split, rows)
                    keyed.append(entities.key)
                    index = part_of(entities.key, context.partitions)
                    for where, ref in routed(out, entities, index, role.entity):
                        yield beam.pvalue.TaggedOutput(self.ENTITIES, (where, ref))
                filtered = context.relation.filtered
                candidates = [members[1][row][0] for row in rows.tolist()] if filtered else []
                tuples = Tuples(
                    _mixed(keyed),
                    split[rows],
                    np.stack(keyed, axis=1).reshape(-1),
                    label[rows].reshape(-1),
                    Strings.of(candidates),
                )
                meeting = keyed[0] if filtered else tuples.key
                for code in np.unique(split).tolist():
                    mine = np.flatnonzero(tuples.split == code)
                    index = part_of(meeting[mine], context.partitions)
                    yield from routed(out, take(tuples, mine), index, "", context.splits[code])

    def _label(self, validated: ValidatedRows, reasons: list[str]) -> F32:
        table, kind = self.context.relation.tuple_table, self.context.relation.label.kind
        if table is None or table.label is None:
            return np.zeros((len(reasons), 0), dtype=np.float32)
        value = values_of(self.context, validated, reasons, table.label, kind)
        return value.astype(np.float32)

    def _members(self, features: list[dict[bytes, bytes]], role: Role) -> list[tuple[bytes, bytes]]:
        """Ids and payloads of the members that fill a role, one for each row."""
        spec = self.context.entities[role.entity]
        columns = [prefixed(role.name, name).encode() for name in spec.rows.names]
        members = []
        for row in features:
            payload = example_wire.payload(row, columns)
            if columns[0] in row:
                value = example_wire.first_value(row[columns[0]])
            else:
                value = hashing.derived_id(payload, integer=spec.id.integer)
                payload = (
                    example_wire.pack([example_wire.keyed([value], spec.id.integer)]) + payload[1:]
                )
            members.append((value, payload))
        return members

    def _entities(
        self, entity: str, members: list[tuple[bytes, bytes]], split: U8, rows: Index
    ) -> Entities:
        context, spec = self.context, self.context.entities[entity]
        ids = [members[row][0] for row in rows.tolist()]
        nothing = np.zeros(len(ids), dtype=np.uint64)
        everywhere = entity in context.relation.shared
        return Entities(
            hashing.hash_values(ids, integers=spec.id.integer),
            np.full(len(ids), STAR, dtype=np.uint8) if everywhere else split[rows],
            nothing,
            nothing,
            np.zeros(0),
            Strings.of([members[row][1] for row in rows.tolist()]),
        )


def _mixed(members: list[hashing.U64]) -> hashing.U64:
    """Combines the keys of each tuple's members, in order, uint64 [t].

    Args:
      members: keys of the members of each role, uint64 [t] each.
    """
    key = np.zeros(len(members[0]), dtype=np.uint64)
    for member in members:
        key = splitmix.mix(key + member)
    return key
