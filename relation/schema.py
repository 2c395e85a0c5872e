"""The curated schema of an entity: kinds of its features, and the schema of tuples made of it."""

import enum
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.compiled import MAX_FILTERED_IDS, CompiledRelation
from relation.core.errors import Faults, RecipeError
from relation.names import (
    FILTERED_IDS,
    ID,
    NEGATIVE_PROB,
    POSITIVE_IDS,
    RELATION,
    RELATION_WEIGHT,
    tuple_feature_names,
)
from relation.spec import Frozen, LabelKind


class FeatureKind(str, enum.Enum):
    """How a feature is treated; its schema decides, nothing else says it again."""

    IMAGE = "image"
    """Encoded PNG or JPEG bytes, decoded in the model's graph (`image_domain`)."""
    NUMERIC = "numeric"
    """FLOAT, or INT without a categorical domain: z-score."""
    CATEGORICAL = "categorical"
    """BYTES, or INT with `int_domain.is_categorical`: one vocabulary an entity type."""
    TEXT = "text"
    """BYTES with `natural_language_domain`: words, of one vocabulary an entity type."""


_DTYPES: dict[int, Literal["bytes", "int", "float"]] = {
    schema_pb2.BYTES: "bytes",
    schema_pb2.INT: "int",
    schema_pb2.FLOAT: "float",
}

KEY_TYPES = (schema_pb2.BYTES, schema_pb2.INT)
"""Types whose values can identify, group or slice rows."""

MAX_WIDTH = 1_000_000
"""Values that a feature may have in a row."""
MAX_BYTES = 2**26
"""Bytes of a schema's file."""
MAX_DOMAIN = 100_000
"""Integers that an int_domain may bound for them to be labels or classes."""


def read_schema(path: Path) -> schema_pb2.Schema:
    """Reads a TFDV schema in text form.

    Raises:
      RecipeError: it cannot be parsed, holds no feature or one twice, or one whose type, shape or
        domain cannot be.
    """
    if path.stat().st_size > MAX_BYTES:
        raise RecipeError(f"{path}: got a file of more than {MAX_BYTES} bytes; is it a schema?")
    try:
        schema = text_format.Parse(path.read_text(encoding="utf-8-sig"), schema_pb2.Schema())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise RecipeError(f"{path}: not a TFDV schema in text form: {reason}") from None
    except RecursionError:
        raise RecipeError(f"{path}: is nested too deeply for a schema") from None
    if not schema.feature:
        raise RecipeError(f"{path}: the schema has no features")
    times = Counter(feature.name for feature in schema.feature)
    domains = {domain.name for domain in schema.string_domain}
    faults = Faults(
        f"{path}: feature {feature.name!r}: {fault}"
        for feature in schema.feature
        if (fault := _fault(feature, times[feature.name], domains))
    )
    faults.raise_any()
    return schema


def _fault(feature: schema_pb2.Feature, times: int, domains: set[str]) -> str | None:
    """The fault of a feature, if it has one."""
    if times > 1:
        return "it appears twice"
    if feature.type not in _DTYPES:
        got = schema_pb2.FeatureType.Name(feature.type)
        return f"got type {got}; expected BYTES, INT or FLOAT"
    if any(dim.size < 1 for dim in feature.shape.dim):
        sizes = [dim.size for dim in feature.shape.dim]
        return f"got shape {sizes}; expected dimensions of 1 or more"
    if (width := _width(feature)) > MAX_WIDTH:
        return f"got {width} values a row; expected at most {MAX_WIDTH}"
    counts = feature.value_count
    if counts.min < 0 or counts.max < 0 or 0 < counts.max < counts.min:
        return f"got value_count from {counts.min} to {counts.max}; expected 0 or more, in order"
    if feature.HasField("domain") and feature.domain not in domains:
        return f"got domain {feature.domain!r}; the schema has no string_domain of that name"
    return None


class Feature(Frozen):
    """What towers and preprocessing need to know of a feature."""

    name: str
    kind: FeatureKind
    dtype: Literal["bytes", "int", "float"]
    width: int
    """Values a row; a row with fewer is padded, one with more is cut."""
    domain: str | None = None
    """The `string_domain` of the schema that the feature names, as others may, too."""


def read_features(schema: schema_pb2.Schema) -> dict[str, Feature]:
    """Every feature of a schema that `read_schema` takes, by name, in the schema's order."""
    return {feature.name: _feature(feature) for feature in schema.feature}


def _width(feature: schema_pb2.Feature) -> int:
    """Values of a row."""
    if feature.HasField("shape"):
        return math.prod(dim.size for dim in feature.shape.dim)
    return feature.value_count.max or 1


def _feature(feature: schema_pb2.Feature) -> Feature:
    return Feature(
        name=feature.name,
        kind=_kind(feature),
        dtype=_DTYPES[feature.type],
        width=_width(feature),
        domain=feature.domain or None,
    )


def _kind(feature: schema_pb2.Feature) -> FeatureKind:
    if feature.HasField("image_domain"):
        return FeatureKind.IMAGE
    if feature.type == schema_pb2.BYTES and feature.HasField("natural_language_domain"):
        return FeatureKind.TEXT
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


def domain_of(schema: schema_pb2.Schema, name: str) -> tuple[str, ...] | None:
    """The values that a feature may have, in the schema's order: strings, or decimal digits.

    None: the schema does not say, or bounds more than `MAX_DOMAIN` integers.
    """
    feature = next(feature for feature in schema.feature if feature.name == name)
    if feature.HasField("string_domain"):
        return tuple(feature.string_domain.value)
    if feature.HasField("domain"):
        shared = {domain.name: tuple(domain.value) for domain in schema.string_domain}
        return shared.get(feature.domain)
    if feature.type == schema_pb2.INT and feature.int_domain.HasField("max"):
        first, last = feature.int_domain.min, feature.int_domain.max
        return tuple(map(str, range(first, last + 1))) if last - first < MAX_DOMAIN else None
    return None


def tuple_schema(
    compiled: CompiledRelation, schemas: Mapping[str, schema_pb2.Schema]
) -> schema_pb2.Schema:
    """The schema of tuples: the features of each role's entity type, and the relation's own.

    Fixed shapes are left out, so that every feature is read as variable-length: one role can then
    be fed alone, which the `entities` split (analysis) and the embedding signature rely on.

    Raises:
      RecipeError: two features of a tuple would get the same name.
    """
    relation = compiled.tuples
    sources = {
        role.name: {feature.name: feature for feature in schemas[role.entity].feature}
        for role in relation.roles
    }
    result = schema_pb2.Schema()
    _add_domains(result, [schemas[entity] for entity in relation.entities])
    for name, (role, feature) in tuple_feature_names(sources).items():
        original = compiled.entities[relation.entity_of(role)] if feature == ID else feature
        added = result.feature.add()
        added.CopyFrom(sources[role][original])
        added.name = name
        added.ClearField("shape")
        if relation.optional and role != relation.roles[0].name:
            added.ClearField("presence")
    _add_own(result, compiled, schemas)
    return result


def _add_domains(result: schema_pb2.Schema, schemas: Iterable[schema_pb2.Schema]) -> None:
    domains: dict[str, schema_pb2.StringDomain] = {}
    for schema in schemas:
        for domain in schema.string_domain:
            if domains.setdefault(domain.name, domain) != domain:
                raise RecipeError(
                    f"schemas: two entity types have a string_domain {domain.name!r}, with "
                    "different values: rename one"
                )
    result.string_domain.extend(domains.values())


def _add_own(
    result: schema_pb2.Schema,
    compiled: CompiledRelation,
    schemas: Mapping[str, schema_pb2.Schema],
) -> None:
    """Adds the features that belong to none of a tuple's members."""
    relation, sampling = compiled.tuples, compiled.sampling
    if relation.labelled:
        label = _add(result, RELATION, schema_pb2.FLOAT, relation.width)
        if relation.label in (LabelKind.BINARY, LabelKind.TAGS):
            label.float_domain.min, label.float_domain.max = 0.0, 1.0
    if sampling.negative_sampler is not None:
        probability = _add(result, NEGATIVE_PROB, schema_pb2.FLOAT, len(relation.negatives) or 1)
        probability.float_domain.min, probability.float_domain.max = 0.0, 1.0
        if not relation.negatives:
            probability.presence.min_fraction = 0.0  # Only drawn negatives carry it.
            probability.presence.min_count = 0
    for name, most in (
        (POSITIVE_IDS, sampling.known_positives),
        (FILTERED_IDS, MAX_FILTERED_IDS if compiled.filtered else 0),
    ):
        if most:
            entity = compiled.candidate
            types = {feature.name: feature.type for feature in schemas[entity].feature}
            ids = _add(result, name, types[compiled.entities[entity]], 1)
            ids.presence.min_fraction, ids.presence.min_count = 0.0, 0  # There may be none.
            ids.value_count.min, ids.value_count.max = 0, most
    if compiled.weighted:
        weight = _add(result, RELATION_WEIGHT, schema_pb2.FLOAT, 1)
        weight.float_domain.min = 0.0


def _add(schema: schema_pb2.Schema, name: str, kind: int, width: int) -> schema_pb2.Feature:
    feature = schema.feature.add(name=name, type=kind)
    feature.presence.min_fraction = 1.0
    feature.presence.min_count = 1
    feature.value_count.min = feature.value_count.max = width
    return feature
