"""The step that writes rows to their splits, and those that name entities in error messages."""

import contextlib
import os
import uuid

import numpy as np
import tensorflow as tf

from components.common.examples_artifact import EXAMPLES
from components.common.tfrecord_reader import read_batches
from components.split_gen.beam_stages import Counts, result
from components.split_gen.by_component import graph
from components.split_gen.by_component.propagate import roots
from components.split_gen.row_columns import keys_of
from components.split_gen.split_context import LEFT_OUT, SPLITS, SplitContext
from components.split_gen.split_stats import has_giant
from components.split_gen.steps import decoded

_UNKNOWN = 255
SHOWN = 3
"""Entities that a message names, per partition."""


def write(context: SplitContext, number: int) -> Counts:
    """Writes the rows of a file, byte for byte and in their order, to a shard of each split.

    Raises:
      RuntimeError: a row has no split decision, or several; a bug in Relata.
    """
    if has_giant(context.request, result(context.state, "sizes")):
        return {}  # The run will end with an error.
    file = context.files[number]
    splits = np.full(context.decided.rows(number), _UNKNOWN, dtype=np.uint8)
    for decisions in context.decided.read(number):
        splits[decisions["row"]] = decisions["split"]
    if (splits == _UNKNOWN).any():
        raise RuntimeError(f"{file.path}: one row has two split decisions, and another has none")
    folders = [os.path.join(context.building[file.input], f"Split-{split}") for split in SPLITS]
    name = f"data_tfrecord-{file.shard:05d}-of-{file.shards:05d}.gz"
    temporary = [os.path.join(folder, f".{name}.{uuid.uuid4().hex}") for folder in folders]
    options = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
    done = 0
    with contextlib.ExitStack() as stack:
        writers = []
        for folder, path in zip(folders, temporary, strict=True):
            tf.io.gfile.makedirs(folder)
            writers.append(stack.enter_context(tf.io.TFRecordWriter(path, options)))
        for records in read_batches(file.path):
            batch = splits[done : done + len(records)]
            done += len(records)
            if len(batch) != len(records):
                raise RuntimeError(f"{file.path}: got more rows than split decisions")
            for record, split in zip(records, batch.tolist(), strict=True):
                if split != LEFT_OUT:
                    writers[split].write(record)
    if done != len(splits):
        raise RuntimeError(
            f"{file.path}: got {done} rows; expected {len(splits)}, one for each split decision"
        )
    for folder, path in zip(folders, temporary, strict=True):
        tf.io.gfile.rename(path, os.path.join(folder, name), overwrite=True)
    held = np.bincount(splits, minlength=3).tolist()
    return {
        f"{what}/{file.input}": rows for what, rows in zip((*SPLITS, "left out"), held, strict=True)
    }


def members(context: SplitContext, partition: int, round_number: int, label: int) -> Counts:
    """Keys of up to `SHOWN` entities of a component in a partition: the greatest."""
    keys = context.entities(partition)["key"]
    labels = graph.lookup(keys, *roots(context, partition, round_number))
    return {"keys": keys[labels == np.uint64(label)][-SHOWN:].tolist()}


def named(context: SplitContext, number: int, wanted: list[int]) -> Counts:
    """Entity type and id, as text, of the entities in a file that have one of the wanted keys."""
    file = context.files[number]
    entity, column = list(context.request.entities.items())[file.input != EXAMPLES]
    names: Counts = {}
    for _, (ids,) in decoded(file.path, [column]):
        key = keys_of(ids, entity, integers=column.type == "int")
        for row in np.flatnonzero(np.isin(key, np.array(wanted, dtype=np.uint64))):
            value = ids.value[int(ids.present[:row].sum())]
            text = value.decode(errors="backslashreplace") if column.type == "bytes" else value
            names[str(int(key[row]))] = [entity, repr(text)]
    return names
