"""Tuples of rows, made and measured as in a run: without TFX, and at the model's thresholds."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.evaluation.evaluation_results import (
    EXAMPLES,
    Interval,
    Value,
    in_slice,
    why_undefined,
)
from components.relation_gen.index.layout import REPEATED
from components.relation_gen.pipeline import materialize
from components.relation_gen.stats.summary import Stats
from components.relation_gen.transforms.join_edges import DANGLING
from pipeline.evaluate.inputs import TableRows
from pipeline.settings import IN_PROCESS
from relation.compiled import CompiledRelation
from relation.core.errors import DataError
from relation.files.feature_values import values_of
from relation.files.saved_model import BATCH, THRESHOLDS, Signatures
from relation.files.tfrecord_reader import read_batches
from relation.names import EVAL, ID, RELATION, RELATION_WEIGHT, prefixed
from trainer_module.metrics.at_threshold import table_at
from trainer_module.metrics.collected import Form, Packed, form_of, pack, packing, unpack
from trainer_module.metrics.jackknife import interval
from trainer_module.metrics.registry import Table
from trainer_module.model.interface import EVALUATE, ServedInterface

_NO_FAULTS = (*REPEATED, DANGLING)
"""Reasons to leave out rows that say nothing of the rows that are judged."""


def make_pipeline() -> beam.Pipeline:
    """A pipeline in this process."""
    return beam.Pipeline(options=PipelineOptions(IN_PROCESS))


def make_tuples(
    interface: ServedInterface,
    compiled: CompiledRelation,
    rows: Sequence[TableRows],
    folder: str,
) -> Stats:
    """Write the tuples of rows to `folder/Split-eval/`, by the recipe's seed.

    Edges may name entities that are not among the rows: those edges are left out and counted.

    Args:
      interface: of the model.
      compiled: the relation; its `bad_rows` says whether rows may be unusable.
      rows: of each table.
      folder: that is made.

    Returns:
      The counts, as in `relation_stats.json`.

    Raises:
      DataError: a row cannot be used, or the rows make no tuples.
    """
    schemas = {
        name: text_format.Parse(text, schema_pb2.Schema())
        for name, text in interface.schemas.items()
    }
    lenient = compiled.model_copy(update={"bad_rows": "skip"})
    files = [table.file for table in rows]
    stats = materialize(lenient, schemas, files, [EVAL], [], folder, make_pipeline)
    for table in rows if compiled.bad_rows == "fail" else ():
        part = stats["inputs"].get(table.file.input, {})
        faults = {n: c for n, c in part.get("skipped", {}).items() if n not in _NO_FAULTS}
        if faults:
            listed = ", ".join(f"{reason} {count:,}" for reason, count in faults.items())
            raise DataError(
                f"{table.pattern}: {sum(faults.values()):,} of {part['rows_read']:,} rows cannot "
                f"be used: {listed}; fix them, or pass --skip-bad-rows"
            )
    return stats


def tuple_files(folder: str) -> list[str]:
    """The files of tuples that `make_tuples` has written."""
    return sorted(tf.io.gfile.glob(os.path.join(folder, f"Split-{EVAL}", "*")))


def records_of(files: Sequence[str]) -> Iterator[bytes]:
    """Yield the records of TFRecord files."""
    for path in files:
        for batch in read_batches(path):
            yield from batch


@dataclass
class TupleResults:
    """Metrics of tuples.

    Fields:
      metrics: by name.
      intervals: 95 % confidence intervals, by name.
      slices: metrics by (feature, value).
      undefined: why a metric has no value, by name; in a slice by `in_slice`.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, Interval] = field(default_factory=dict)
    slices: dict[tuple[str, Value], dict[str, float]] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)


def measure(
    interface: ServedInterface,
    compiled: CompiledRelation,
    model: Signatures,
    files: Sequence[str],
    thresholds: Mapping[str, float],
    slices: Sequence[str],
) -> TupleResults:
    """Score tuples, and compute all metrics of their relation.

    Args:
      interface: of the model.
      compiled: the relation.
      model: its signatures.
      files: TFRecord files of tuples.
      thresholds: decision thresholds of the model, by the metric that they maximize.
      slices: features of the first role whose values are measured apart.
    """
    form = form_of(compiled.tuples)._replace(image=interface.image)
    parts = _collect(compiled, form, model, files, slices)
    table, results = table_at(form, thresholds), TupleResults()
    whole = parts.pop(None, packing())
    tuples = unpack(whole, form, compiled.weighted)
    for name, metric in table.items():
        value, *ends = interval(metric.compute, tuples, metric.within)
        results.metrics[name] = value
        if name not in (EXAMPLES, *THRESHOLDS.values()):
            results.intervals[name] = (ends[0], ends[1])
    results.undefined = _undefined(results.metrics, table)
    for key in sorted((key for key in parts if key is not None), key=_order):
        of_slice = unpack(parts[key], form, compiled.weighted)
        values = {name: metric.compute(of_slice) for name, metric in table.items()}
        results.slices[key] = values
        reasons = _undefined(values, table)
        results.undefined |= {in_slice(name, *key): why for name, why in reasons.items()}
    return results


def _collect(
    compiled: CompiledRelation,
    form: Form,
    model: Signatures,
    files: Sequence[str],
    slices: Sequence[str],
) -> dict[tuple[str, Value] | None, Packed]:
    """Score tuples, and collect those of each slice; all of them under None."""
    ids = [prefixed(role.name, ID) for role in compiled.tuples.roles]
    sliced = {name: prefixed(compiled.tuples.roles[0].name, name) for name in slices}
    parts: dict[tuple[str, Value] | None, Packed] = {}
    for path in files:
        for records in read_batches(path):
            for start in range(0, len(records), BATCH):
                batch = records[start : start + BATCH]
                scores = model.answer(EVALUATE, "scores", batch)
                for record, row in zip(batch, scores, strict=True):
                    features = tf.train.Example.FromString(record).features.feature
                    label, weight = (
                        values_of(features[n]) if n in features else ()
                        for n in (RELATION, RELATION_WEIGHT)
                    )
                    keys: list[tuple[str, Value] | None] = [None]
                    for name, feature in sliced.items():
                        keys += [(name, _text(value)) for value in _values(features, feature)]
                    members = [_values(features, name) for name in ids]
                    for key in keys:
                        packed = parts.setdefault(key, packing())
                        pack(packed, form, row, label, weight if compiled.weighted else 1, members)
    return parts


def _values(features: Any, name: str) -> list[Any]:
    return list(values_of(features[name])) if name in features else []


def _text(value: Any) -> Value:
    shown: Value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return shown


def _undefined(metrics: Mapping[str, float], table: Table) -> dict[str, str]:
    return {
        name: why_undefined(metrics, table[name].undefined)
        for name, value in metrics.items()
        if math.isnan(value)
    }


def _order(key: tuple[str, Value]) -> tuple[str, bool, Value]:
    feature, value = key
    return feature, isinstance(value, str), value
