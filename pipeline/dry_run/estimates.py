"""Estimates of what a run will take: its rows, its tuples, the memory and time of its training."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow.parquet as pq
import tensorflow as tf

from pipeline.dry_run.rows import FirstRows
from pipeline.stages.file_patterns import Patterns
from relation.files.binary_files import is_gzip, open_binary
from relation.files.globs import matching_files
from relation.load import LoadedRecipe
from relation.training import Training
from trainer_module.training.trial_steps import Measured

FLOAT_BYTES = 4


class Memory(NamedTuple):
    """Bytes of a training, beside those of TensorFlow itself and of input batches.

    state: weights, gradients, and what the optimizer keeps.
    activations: outputs of layers for one step, and their gradients.
    """

    state: int
    activations: int


def memory(measured: Measured) -> Memory:
    """Estimate the memory of a training.

    >>> memory(Measured({}, 10, trained=8, slots=16, activations=100, seconds=1.0, loss=0.0))
    Memory(state=136, activations=800)
    """
    state = measured.weights + measured.trained + measured.slots
    return Memory(FLOAT_BYTES * state, 2 * FLOAT_BYTES * measured.activations)


class TrainingTime(NamedTuple):
    """Steps of an epoch, and the seconds of all epochs."""

    an_epoch: int
    seconds: float


def steps(tuples: int, training: Training, seconds: float) -> TrainingTime:
    """Estimate the steps and the time of a training.

    Args:
      tuples: of the training split.
      training: the recipe's.
      seconds: of a step of one batch.

    >>> steps(1_000, Training(epochs=2, batch_size=64), 0.5)
    TrainingTime(an_epoch=16, seconds=16.0)
    """
    an_epoch = -(-tuples // training.batch_size)
    return TrainingTime(an_epoch, an_epoch * training.epochs * seconds)


def all_tuples(
    loaded: LoadedRecipe, patterns: Patterns, tables: Mapping[str, FirstRows], tuples: int
) -> int:
    """Estimate the tuples of all rows, in proportion to those of the first rows.

    The rows of the table that relates entities count, or else those of the anchors.
    """
    name = loaded.compiled.related_table or loaded.compiled.anchor
    table = tables.get(name)
    if table is None or table.complete or not len(table):
        return tuples
    pattern = patterns[name]
    globs = [pattern] if isinstance(pattern, str) else list(pattern.values())
    files = [file for glob in globs for file in matching_files(glob)]
    rows = count_rows(loaded.recipe.data.tables[name].format, files)
    return round(tuples * max(rows, len(table)) / len(table))


def count_rows(file_format: str, files: Sequence[str]) -> int:
    """Count the rows of files: lines of text, though a quoted cell of CSV may hold several."""
    if file_format == "tfrecord":
        return sum(_records(path) for path in files)
    if file_format == "parquet":
        return sum(_parquet_rows(path) for path in files)
    if file_format == "image_folder":
        return len(files)
    header = 0 if file_format == "jsonl" else 1
    return sum(_lines(path) - header for path in files)


def _records(path: str) -> int:
    with open_binary(path) as file:
        compression = "GZIP" if is_gzip(file) else ""
    records = tf.data.TFRecordDataset(path, compression_type=compression)
    return int(records.reduce(tf.constant(0, tf.int64), lambda count, _: count + 1))


def _parquet_rows(path: str) -> int:
    with open_binary(path) as file:
        return int(pq.ParquetFile(file).metadata.num_rows)


def _lines(path: str) -> int:
    with open_binary(path) as file:
        compression = "GZIP" if is_gzip(file) else ""
    lines = tf.data.TextLineDataset(path, compression_type=compression)
    return int(lines.reduce(tf.constant(0, tf.int64), lambda count, _: count + 1))
