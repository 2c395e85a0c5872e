"""The schema of a table: inferred by TFDV, then corrected by what the columns are."""

import math

import pyarrow as pa
from google.protobuf import text_format
from tensorflow_data_validation.api import validation_api
from tensorflow_data_validation.statistics import stats_impl, stats_options
from tensorflow_metadata.proto.v0 import schema_pb2

from pipeline.new.choice import SchemaPlan
from pipeline.new.rows.kinds import Kind, Profile
from pipeline.new.rows.table import Column
from pipeline.new.text.recipe import comment

_ARROW = {"bytes": pa.binary(), "int": pa.int64(), "float": pa.float32()}
_TYPES = {"bytes": schema_pb2.BYTES, "int": schema_pb2.INT, "float": schema_pb2.FLOAT}
USUAL_WORDS = 64
"""Words of a text that are kept where its schema does not ask for more."""
MOST_WORDS = 256


def schema_text(plan: SchemaPlan, title: str) -> str:
    """Write a schema, with a comment on each feature and on each column that is left out.

    Args:
      plan: its columns.
      title: a sentence about the rows, for the head of the file.
    """
    schema = inferred([one.column for one in plan.profiles])
    lines = comment(f"{title} How to read this file: docs/reference/schema.md")
    if plan.derived_id is not None:
        derived = schema_pb2.Feature(name=plan.derived_id, type=schema_pb2.BYTES)
        lines += ["", *comment("id: there is no column of it; it is a hash of the others")]
        lines += _feature_lines(derived)
    for feature, one in zip(schema.feature, plan.profiles, strict=True):
        correct(feature, one, plan)
        lines += ["", *comment(f"{one.kind.value}: {one.reason}"), *_feature_lines(feature)]
    for name, reason in plan.left_out.items():
        lines += ["", *comment(f"Left out: {name!r}, because {reason}")]
    return "\n".join(lines) + "\n"


def inferred(columns: list[Column]) -> schema_pb2.Schema:
    """Infer a schema by TFDV, with the features in the order of the columns."""
    arrays = [
        pa.array([list(entry) or None for entry in column.entries], pa.list_(_ARROW[column.dtype]))
        for column in columns
    ]
    batch = pa.RecordBatch.from_arrays(arrays, [column.name for column in columns])
    statistics = stats_impl.generate_statistics_in_memory(batch, stats_options.StatsOptions())
    schema = validation_api.infer_schema(statistics, infer_feature_shape=False)
    by_name = {feature.name: feature for feature in schema.feature}
    ordered = [by_name[column.name] for column in columns]
    return schema_pb2.Schema(feature=ordered)


def correct(feature: schema_pb2.Feature, one: Profile, plan: SchemaPlan) -> None:
    """Correct what TFDV infers, in place, by what the column is.

    TFDV lists the values of each category, so that a new one would stop a run; only labels that
    a relation must know keep a list. Nor may a row that is missing a value stop a run, unless it
    is useless without it, or all rows were seen to have one.
    """
    column = one.column
    feature.type = _TYPES[column.dtype]
    for domain in ("domain", "string_domain", "int_domain", "float_domain"):
        feature.ClearField(domain)
    if one.kind is Kind.IMAGE:
        feature.image_domain.SetInParent()
    elif one.kind is Kind.TEXT:
        feature.natural_language_domain.SetInParent()
    elif one.kind is Kind.CATEGORY and column.dtype == "int":
        feature.int_domain.is_categorical = True
    if one.name in plan.domains:
        _list_values(feature, plan.domains[one.name])
    required = one.name in plan.required or (plan.table.whole and not column.missing)
    feature.ClearField("presence")
    if required:
        feature.presence.min_fraction, feature.presence.min_count = 1.0, 1
    feature.value_count.min = 1
    feature.value_count.max = _most(one, plan.table.whole)


def _list_values(feature: schema_pb2.Feature, values: tuple[str, ...]) -> None:
    if feature.type == schema_pb2.BYTES:
        feature.string_domain.name = feature.name
        feature.string_domain.value.extend(values)
        return
    feature.int_domain.name = feature.name
    feature.int_domain.min = min(map(int, values))
    feature.int_domain.max = max(map(int, values))
    feature.int_domain.is_categorical = True


def _most(one: Profile, whole: bool) -> int:
    """How many values a row may have; of a text: how many words are read."""
    if one.kind is Kind.TEXT:
        words = max(len(b" ".join(entry).split()) for entry in one.column.entries)  # type: ignore[arg-type]
        longer = 2 ** math.ceil(math.log2(max(words, 1)))
        return min(longer, MOST_WORDS) if words > USUAL_WORDS else one.column.width
    if one.column.width == 1 or whole or one.column.dtype == "float":
        return one.column.width
    return 2 * one.column.width


def _feature_lines(feature: schema_pb2.Feature) -> list[str]:
    text = text_format.MessageToString(feature, as_utf8=True, indent=2)
    return ["feature {", *text.rstrip("\n").split("\n"), "}"]
