"""The rows of each input: what a relation requires of them, with the types of their schema."""

from dataclasses import dataclass
from typing import NamedTuple

from tensorflow_metadata.proto.v0 import schema_pb2

from relation import schema as schemas
from relation.compiled import (
    NO_GROUP,
    SEVERAL_GROUPS,
    CompiledRelation,
    NumberRange,
    RowRequirements,
)
from relation.core.errors import DataError


class Key(NamedTuple):
    """A feature whose values identify or group rows.

    `absent`, `several`: the reason to skip a row without a value, or with more than one; None: such
    rows are used. `integer`: whether values are integers.
    """

    name: str
    integer: bool
    absent: str | None
    several: str | None


class Number(NamedTuple):
    """A numeric feature that sampling needs, [width] for each row. `absent`: as in `Key`.

    `ranges`: what its finite numbers must keep to.
    """

    name: str
    absent: str | None
    width: int = 1
    ranges: tuple[NumberRange, ...] = ()


@dataclass(frozen=True)
class RowSpec:
    """The features of a row, the id first, then by name, and the purposes of some.

    `schema`: serialized, with only types and names, sorted by name.
    """

    names: tuple[str, ...]
    keys: tuple[Key, ...]
    numbers: tuple[Number, ...]
    images: tuple[str, ...]
    floats: tuple[str, ...]
    schema: bytes

    @property
    def encoded_names(self) -> tuple[bytes, ...]:
        """The names as encoded in a serialized tf.Example."""
        return tuple(name.encode() for name in self.names)

    def key_index(self, name: str | None) -> int | None:
        """The number of a key feature; None for no feature."""
        names = [key.name for key in self.keys]
        return None if name is None else names.index(name)

    def number(self, name: str | None) -> int | None:
        """The column of a number feature of width 1; None for no feature."""
        names = [number.name for number in self.numbers]
        return None if name is None else names.index(name)


@dataclass(frozen=True)
class EntitySpec:
    """Rows of an entity type: the first key is the id.

    `group`, `negatives_group`: the key features that index and negatives are grouped by.
    `tags`: the feature with an entity's own labels; `confidence`: the feature with a number for
    each, in [0, 1], or whole up to `levels`. `group_key`: see `RowRequirements`.
    """

    name: str
    rows: RowSpec
    group: str | None = None
    negatives_group: str | None = None
    tags: str | None = None
    confidence: str | None = None
    levels: int = 1
    group_key: str | None = None

    @property
    def id(self) -> Key:
        """The feature that identifies a row."""
        return self.rows.keys[0]


def entity_spec(
    relation: CompiledRelation,
    entity: str,
    schema: schema_pb2.Schema,
    split_by: str | None = None,
) -> EntitySpec:
    """Derives the row requirements of an entity type.

    Args:
      split_by: the feature whose values share a split, where that is not the id.

    Raises:
      DataError: the schema lacks a feature that the relation names, or has it with a wrong type.
    """
    required = relation.rows[entity]
    rows = row_spec(required, schema, split_by, first=relation.entities[entity])
    return EntitySpec(
        entity,
        rows,
        required.group_by,
        required.negative_group,
        required.labels,
        required.confidence,
        required.levels,
        required.group_key,
    )


def row_spec(
    requirements: RowRequirements,
    schema: schema_pb2.Schema,
    split_by: str | None = None,
    first: str | None = None,
) -> RowSpec:
    """Derives the row requirements of a table.

    Args:
      split_by: the column whose values share a split, where they do not follow from ids.
      first: the feature that comes first among the names.

    Raises:
      DataError: see `entity_spec`.
    """
    features, fit = schemas.read_features(schema), schemas.key_features(schema)
    types = {feature.name: feature.type for feature in schema.feature}
    keys: dict[str, Key] = {}
    for key in requirements.keys:
        keys.setdefault(key.name, Key(key.name, False, key.absent, key.several))
    if split_by is not None:
        keys.setdefault(split_by, Key(split_by, False, NO_GROUP, SEVERAL_GROUPS))
    for name in keys:
        if name not in fit:
            raise DataError(
                f"schema: got {name!r}; expected a feature of type BYTES or INT that is not an "
                f"image: {', '.join(fit) or 'there is none'}"
            )
    bare = schema_pb2.Schema()
    for name in sorted(types):
        bare.feature.add(name=name, type=types[name])
    return RowSpec(
        names=tuple(sorted(types, key=lambda name: (name != first, name))),
        keys=tuple(k._replace(integer=types[k.name] == schema_pb2.INT) for k in keys.values()),
        numbers=tuple(
            Number(number.name, number.absent, features[number.name].width, number.ranges)
            for number in requirements.numbers
        ),
        images=tuple(n for n in sorted(features) if features[n].kind is schemas.FeatureKind.IMAGE),
        floats=tuple(n for n in sorted(types) if types[n] == schema_pb2.FLOAT),
        schema=bare.SerializeToString(deterministic=True),
    )
