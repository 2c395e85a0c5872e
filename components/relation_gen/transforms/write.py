"""Writes output shards, and publishes them all at once when everything was written."""

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from components.common import tfrecord_writer
from relation.core.errors import DataError

STATS = "relation_stats.json"
_BUILDING = ".building"


def building(output: str) -> str:
    """The folder under `output` where everything is written until it is complete."""
    return os.path.join(output, _BUILDING)


def split_folder(root: str, split: str) -> str:
    """The folder of a split, as TFX names it."""
    return os.path.join(root, f"Split-{split}")


def shard_name(shard: int, shards: int) -> str:
    """The name of a shard's file, as TFX names it."""
    return f"data_tfrecord-{shard:05d}-of-{shards:05d}.gz"


def write_shard(folder: str, name: str, examples: Iterable[list[bytes]]) -> int:
    """Writes a gzip TFRecord under another name, renames it, and returns the number of records.

    Args:
      examples: each as its map entries.
    """
    tf.io.gfile.makedirs(folder)
    temporary = os.path.join(folder, f".{name}.{uuid.uuid4().hex}")
    count = tfrecord_writer.write(temporary, examples)
    tf.io.gfile.rename(temporary, os.path.join(folder, name), overwrite=True)
    return count


def prepare(output: str) -> None:
    """Makes the output folder ready.

    Raises:
      DataError: it already holds results, or cannot be written.
    """
    try:
        held = tf.io.gfile.listdir(output) if tf.io.gfile.isdir(output) else []
        held = [name.rstrip("/") for name in held]
        if any(name.startswith("Split-") or name == STATS for name in held):
            raise DataError(
                f"output folder {output}: already holds results; name another, or remove it"
            )
        if _BUILDING in held:  # Of a run that was killed.
            tf.io.gfile.rmtree(building(output))
        tf.io.gfile.makedirs(building(output))
    except (tf.errors.OpError, OSError) as error:
        reason = getattr(error, "message", None) or str(error)
        raise DataError(f"output folder {output}: cannot be written: {reason}") from None


def publish(output: str, stats: dict[str, Any], texts: Mapping[str, str]) -> None:
    """Moves all splits to their place, writes texts beside them, and the statistics last.

    Args:
      texts: content of each text file by name.
    """
    source = building(output)
    splits = [name.rstrip("/") for name in tf.io.gfile.listdir(source)]
    splits = sorted(name for name in splits if name.startswith("Split-"))
    written = {**texts, STATS: json.dumps(stats, indent=2, ensure_ascii=False) + "\n"}
    for name, text in written.items():
        with tf.io.gfile.GFile(os.path.join(source, name), "w") as file:
            file.write(text)
    try:
        for name in [*splits, *written]:
            tf.io.gfile.rename(os.path.join(source, name), os.path.join(output, name))
    except BaseException:
        for name in splits:
            if tf.io.gfile.isdir(os.path.join(output, name)):
                tf.io.gfile.rmtree(os.path.join(output, name))
        raise


def discard(output: str) -> None:
    """Removes what is not published."""
    if tf.io.gfile.isdir(building(output)):
        tf.io.gfile.rmtree(building(output))
