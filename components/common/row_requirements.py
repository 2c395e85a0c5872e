"""What RelationGen needs to know of the rows of each input, derived from request and schemas."""

from dataclasses import dataclass
from typing import NamedTuple

from tensorflow_metadata.proto.v0 import schema_pb2

from relation import kinds
from relation import schema as schemas
from relation.core.errors import DataError
from relation.materialization import Materialization
from relation.names import prefixed
from relation.sampling import Sampling

NO_ID, SEVERAL_IDS = "no_id", "several_ids"
NO_LABEL, SEVERAL_LABELS = "no_label", "several_labels"
NO_GROUP, SEVERAL_GROUPS = "no_group", "several_groups"
NO_GRADE, NO_WEIGHT, NO_POPULARITY, NO_VALUE = "no_grade", "no_weight", "no_popularity", "no_value"
NO_PROBABILITY = "no_probability"
NO_LEFT_ID, NO_RIGHT_ID = "no_left_id", "no_right_id"


class Key(NamedTuple):
    """A feature whose values identify or group rows.

    `absent`, `several`: the reason to skip a row without a value, or with more than one; None:
    such rows are fine. `integer`: its type.
    """

    name: str
    integer: bool
    absent: str | None
    several: str | None


class Number(NamedTuple):
    """A feature of numbers that plans need: [width] of each row. `absent`: as in `Key`."""

    name: str
    absent: str | None
    width: int = 1


@dataclass(frozen=True)
class RowSpec:
    """The features of a row, the id first, then by name, and the parts that some of them play.

    `schema`: serialized, with type and name alone, sorted by name.
    """

    names: tuple[str, ...]
    keys: tuple[Key, ...]
    numbers: tuple[Number, ...]
    images: tuple[str, ...]
    floats: tuple[str, ...]
    schema: bytes

    @property
    def encoded_names(self) -> tuple[bytes, ...]:
        """The names as they stand in a serialized tf.Example."""
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
    `tags`: the feature that holds an entity's own labels, `confidence` numbers beside them, which
    are in [0, 1], or whole up to `levels`.
    """

    name: str
    rows: RowSpec
    group: str | None = None
    negatives_group: str | None = None
    tags: str | None = None
    confidence: str | None = None
    levels: int = 1

    @property
    def id(self) -> Key:
        """The feature that identifies a row."""
        return self.rows.keys[0]


class _Builder:
    """Collects keys and numbers of one schema, each feature once."""

    def __init__(self, schema: schema_pb2.Schema) -> None:
        self._schema = schema
        self._types = {feature.name: feature.type for feature in schema.feature}
        self._keys: dict[str, Key] = {}
        self._numbers: dict[str, Number] = {}

    def key(self, name: str | None, absent: str | None, several: str | None) -> None:
        if name is None or name in self._keys:
            return
        fit = schemas.key_features(self._schema)
        if name not in fit:
            raise DataError(
                f"schema: feature {name!r} must be there, of type BYTES or INT and no image; "
                f"such features are {', '.join(fit) or 'none'}"
            )
        integer = self._types[name] == schema_pb2.INT
        self._keys[name] = Key(name, integer, absent, several)

    def number(self, name: str | None, absent: str | None) -> None:
        if name is not None and name not in self._numbers:
            width = schemas.read_features(self._schema)[name].width
            self._numbers[name] = Number(name, absent, width)

    def many(self, name: str) -> bool:
        """Whether rows may have several values of a feature, if there is one."""
        if name not in self._types:
            return False
        return schemas.read_features(self._schema)[name].width > 1

    def build(self, first: str | None = None) -> RowSpec:
        features = schemas.read_features(self._schema)
        bare = schema_pb2.Schema()
        for name in sorted(self._types):
            bare.feature.add(name=name, type=self._types[name])
        images = [n for n in sorted(features) if features[n].kind is schemas.FeatureKind.IMAGE]
        return RowSpec(
            names=tuple(sorted(self._types, key=lambda name: (name != first, name))),
            keys=tuple(self._keys.values()),
            numbers=tuple(self._numbers.values()),
            images=tuple(images),
            floats=tuple(n for n in sorted(self._types) if self._types[n] == schema_pb2.FLOAT),
            schema=bare.SerializeToString(deterministic=True),
        )


def entity_spec(
    request: Materialization,
    entity: str,
    schema: schema_pb2.Schema,
    split_by: str | None = None,
) -> EntitySpec:
    """Derives the rows of an entity type.

    Args:
      split_by: the feature whose values share a split, where that is not the id.

    Raises:
      DataError: the schema lacks a feature that the request names, or it is of the wrong type.
    """
    build, group, negatives_group, tags, confidence = _Builder(schema), None, None, None, None
    levels = 1
    build.key(request.entities[entity], NO_ID, SEVERAL_IDS)
    relation = request.relation
    source, sampling = relation.source, getattr(relation, "sampling", None)
    negatives = sampling.negatives if isinstance(sampling, Sampling) else None
    if isinstance(source, kinds.SameLabel):
        group = source.feature
        build.key(group, NO_LABEL, None if build.many(group) else SEVERAL_LABELS)
        if negatives is not None and negatives.where != "anywhere":
            negatives_group = negatives.group
            build.key(negatives_group, NO_GROUP, SEVERAL_GROUPS)
    elif isinstance(source, kinds.GradedGroup) and entity == request.primary:
        group = source.group
        build.key(group, NO_GROUP, SEVERAL_GROUPS)
        build.number(source.grade, NO_GRADE)
    elif isinstance(source, kinds.Function):
        group = getattr(sampling, "group", None)
        build.key(group, NO_GROUP, SEVERAL_GROUPS)
    elif isinstance(source, kinds.EdgeSource | kinds.Labels) and negatives is not None:
        where = negatives.where != "anywhere"
        if (entity == request.ends[1] and (where or negatives.draw == "groups")) or (
            entity == request.ends[0] and where
        ):
            group = negatives.group
            build.key(group, NO_GROUP, SEVERAL_GROUPS)
    if isinstance(source, kinds.Labels) and entity == request.primary:
        tags, confidence, levels = source.feature, source.confidence, source.levels
        build.key(tags, None if isinstance(relation, kinds.Tags) else NO_LABEL, None)
        build.number(confidence, None)
    if negatives is not None and entity == request.ends[1]:
        build.number(negatives.feature, NO_POPULARITY)
    if entity == request.ends[0] and sampling is not None:
        build.number(getattr(sampling, "weight", None), NO_WEIGHT)
    build.key(split_by, NO_GROUP, SEVERAL_GROUPS)
    rows = build.build(request.entities[entity])
    return EntitySpec(entity, rows, group, negatives_group, tags, confidence, levels)


def edge_spec(
    request: Materialization, schema: schema_pb2.Schema, split_by: str | None = None
) -> RowSpec:
    """Derives the rows of an edge list: the keys are the ids of the left and the right end.

    Args:
      split_by: the column whose values share a split, where the ends are in every split.
    """
    edges = request.edges
    assert edges is not None
    build = _Builder(schema)
    build.key(edges.left.id, NO_LEFT_ID, SEVERAL_IDS)
    build.key(edges.right.id, NO_RIGHT_ID, SEVERAL_IDS)
    source = request.relation.source
    assert isinstance(source, kinds.EdgeSource)
    if edges.value is not None and source.label == "class":
        build.key(edges.value, NO_VALUE, NO_VALUE)
    else:
        build.number(edges.value, NO_VALUE)
    build.number(edges.weight, NO_WEIGHT)
    build.key(split_by, NO_GROUP, SEVERAL_GROUPS)
    return build.build()


def given_spec(request: Materialization, schema: schema_pb2.Schema) -> RowSpec:
    """Derives the rows of a list of negatives: the keys are the ids of anchor and negative."""
    given = request.given
    assert given is not None
    build = _Builder(schema)
    build.key(given.left.id, NO_LEFT_ID, SEVERAL_IDS)
    build.key(given.right.id, NO_RIGHT_ID, SEVERAL_IDS)
    build.number(given.probability, NO_PROBABILITY)
    return build.build()


def inline_spec(
    request: Materialization, schema: schema_pb2.Schema, split_by: str | None = None
) -> RowSpec:
    """Derives rows that hold the members of tuples: the keys are the ids that they have.

    Args:
      split_by: the column whose values share a split, where that is not the first member's id.
    """
    relation = request.relation
    assert isinstance(relation, kinds.Rows)
    build = _Builder(schema)
    present = {feature.name for feature in schema.feature}
    for role, entity in relation.roles.items():
        name = prefixed(role, request.entities[entity])
        if name in present:
            build.key(name, NO_ID, SEVERAL_IDS)
    if relation.label is not None and relation.label_kind == "class":
        build.key(relation.label, NO_VALUE, NO_VALUE)
    else:
        build.number(relation.label, NO_VALUE)
    build.key(split_by, NO_GROUP, SEVERAL_GROUPS)
    return build.build()
