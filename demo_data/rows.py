"""Write rows as TFRecord files of tf.Examples, the same bytes every time."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import tensorflow as tf

Scalar: TypeAlias = bytes | str | int | float
RowValues: TypeAlias = Mapping[str, Scalar | Sequence[Scalar] | None]
"""Values by feature; None and an empty sequence are missing. All values of a feature have one type:
bytes or text, integer, or float."""


def write_rows(
    folder: str | os.PathLike[str], name: str, rows: Iterable[RowValues], shards: int = 2
) -> None:
    """Write `<name>-00000-of-0000<shards>.tfrecord.gz` and so on, with rows dealt round robin.

    Args:
      folder: an existing folder.
      name: prefix of the file names.
      rows: the rows.
      shards: number of files.
    """
    examples = [example(row).SerializeToString(deterministic=True) for row in rows]
    for shard in range(shards):
        path = Path(folder) / f"{name}-{shard:05d}-of-{shards:05d}.tfrecord.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for record in examples[shard::shards]:
                writer.write(record)


def example(row: RowValues) -> tf.train.Example:
    """Convert a row to a tf.Example."""
    result = tf.train.Example()
    for name, value in row.items():
        values = _values(value)
        if values:
            result.features.feature[name].CopyFrom(_feature(values))
    return result


def _values(value: Scalar | Sequence[Scalar] | None) -> list[Scalar]:
    if value is None:
        return []
    if isinstance(value, bytes | str | int | float | np.generic):
        return [value]
    return list(value)


def _feature(values: list[Scalar]) -> tf.train.Feature:
    feature = tf.train.Feature()
    if isinstance(values[0], bytes | str):
        encoded = [value.encode() if isinstance(value, str) else value for value in values]
        feature.bytes_list.value.extend(encoded)
    elif isinstance(values[0], int | np.integer):
        feature.int64_list.value.extend(values)
    else:
        feature.float_list.value.extend(values)
    return feature
