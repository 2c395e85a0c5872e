"""The curated schema of an entity: kinds of its features, and the schema of tuples made of it."""

import enum
import math
from pathlib import Path
from typing import Literal

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.errors import RecipeError
from relation.names import ID, NEGATIVE_PROB, RELATION, tuple_feature_names
from relation.spec import Frozen, LabelKind, Relation


class FeatureKind(str, enum.Enum):
    """How a feature is treated; its schema decides, nothing else says it again."""

    IMAGE = "image"
    """Encoded PNG or JPEG bytes, decoded in the model's graph (`image_domain`)."""
    NUMERIC = "numeric"
    """FLOAT, or INT without a categorical domain: z-score."""
    CATEGORICAL = "categorical"
    """BYTES, or INT with `int_domain.is_categorical`: one vocabulary an entity type."""


_DTYPES: dict[int, Literal["bytes", "int", "float"]] = {
    schema_pb2.BYTES: "bytes",
    schema_pb2.INT: "int",
    schema_pb2.FLOAT: "float",
}

KEY_TYPES = (schema_pb2.BYTES, schema_pb2.INT)
"""Types whose values can identify, group or slice rows."""


def read_schema(path: Path) -> schema_pb2.Schema:
    """Reads a TFDV schema in text form.

    Raises:
      RecipeError: it cannot be parsed, or holds no feature.
    """
    try:
        schema = text_format.Parse(path.read_text(encoding="utf-8"), schema_pb2.Schema())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a TFDV schema in text form: {error}") from None
    if not schema.feature:
        raise RecipeError(f"{path}: the schema names no feature")
    return schema


class Feature(Frozen):
    """What towers and preprocessing need to know of a feature."""

    name: str
    kind: FeatureKind
    dtype: Literal["bytes", "int", "float"]
    width: int
    """Values a row; a row with fewer is padded, one with more is cut."""


def read_features(schema: schema_pb2.Schema) -> dict[str, Feature]:
    """Every feature by name, in the schema's order.

    Raises:
      RecipeError: a feature of a type that is not BYTES, INT or FLOAT.
    """
    return {feature.name: _feature(feature) for feature in schema.feature}


def _feature(feature: schema_pb2.Feature) -> Feature:
    if feature.HasField("shape"):
        width = math.prod(dim.size for dim in feature.shape.dim)
    else:
        width = feature.value_count.max or 1
    return Feature(name=feature.name, kind=_kind(feature), dtype=_DTYPES[feature.type], width=width)


def _kind(feature: schema_pb2.Feature) -> FeatureKind:
    if feature.type not in _DTYPES:
        raise RecipeError(
            f"schema: feature {feature.name!r}: got type "
            f"{schema_pb2.FeatureType.Name(feature.type)}; expected BYTES, INT or FLOAT"
        )
    if feature.HasField("image_domain"):
        return FeatureKind.IMAGE
    if feature.type == schema_pb2.BYTES or feature.int_domain.is_categorical:
        return FeatureKind.CATEGORICAL
    return FeatureKind.NUMERIC


def key_features(schema: schema_pb2.Schema) -> list[str]:
    """The features that can identify, group or slice rows: bytes and integers, but no images."""
    return [
        feature.name
        for feature in schema.feature
        if feature.type in KEY_TYPES and not feature.HasField("image_domain")
    ]


def tuple_schema(
    relation: Relation, entity: schema_pb2.Schema, id_feature: str
) -> schema_pb2.Schema:
    """The schema of tuples: the entity's features under each role, and the relation's own.

    Fixed shapes are left out, so that every feature is read as variable-length: one role can then
    be fed alone, which the `entities` split (analysis) and the embedding signature rely on.
    """
    sources = {feature.name: feature for feature in entity.feature}
    result = schema_pb2.Schema(string_domain=entity.string_domain)
    names = tuple_feature_names({role.name: sources for role in relation.roles})
    for name, (_, feature) in names.items():
        added = result.feature.add()
        added.CopyFrom(sources[id_feature if feature == ID else feature])
        added.name = name
        added.ClearField("shape")
    if relation.label is LabelKind.BINARY:
        label = _add_scalar(result, RELATION, schema_pb2.FLOAT)
        label.float_domain.min, label.float_domain.max = 0.0, 1.0
    probability = _add_scalar(result, NEGATIVE_PROB, schema_pb2.FLOAT)
    probability.float_domain.min, probability.float_domain.max = 0.0, 1.0
    if relation.label is not LabelKind.NONE:
        probability.presence.min_fraction = 0.0  # Only drawn negatives carry it.
    return result


def _add_scalar(schema: schema_pb2.Schema, name: str, kind: int) -> schema_pb2.Feature:
    feature = schema.feature.add(name=name, type=kind)
    feature.presence.min_fraction = 1.0
    feature.presence.min_count = 1
    feature.value_count.min = feature.value_count.max = 1
    return feature
