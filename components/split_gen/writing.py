"""The step that writes rows to their splits, and those that name entities in error messages."""

import contextlib
import itertools
import os

import numpy as np

from components.common.rows.example_decoder import read_decoded
from components.common.tfrecord_writer import RecordWriter, shard_name
from components.split_gen.beam_stages import Counts, result
from components.split_gen.by_component import graph
from components.split_gen.by_component.propagate import roots
from components.split_gen.row_columns import ColumnDecoder, keys_of
from components.split_gen.split_context import LEFT_OUT, SplitContext
from components.split_gen.split_stats import has_giant
from relation.files.tfrecord_reader import read_batches
from relation.names import EXAMPLES

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
    folder, name = context.building[file.input], shard_name(file.shard, file.shards)
    done = 0
    with contextlib.ExitStack() as stack:
        writers = [
            stack.enter_context(RecordWriter(os.path.join(folder, f"Split-{split}", name)))
            for split in context.request.splits
        ]
        for records in read_batches(file.path):
            batch = splits[done : done + len(records)]
            done += len(records)
            if len(batch) != len(records):
                raise RuntimeError(f"{file.path}: got more rows than split decisions")
            for split, writer in enumerate(writers):
                writer.extend(itertools.compress(records, (batch == split).tolist()))
        if done != len(splits):
            raise RuntimeError(
                f"{file.path}: got {done} rows; expected {len(splits)}, one for each split decision"
            )
    codes = {**dict(enumerate(context.request.splits)), LEFT_OUT: "left out"}
    held = np.bincount(splits, minlength=LEFT_OUT + 1)
    return {f"{what}/{file.input}": int(held[code]) for code, what in codes.items()}


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
    for _, (ids,) in read_decoded(file.path, ColumnDecoder([column])):
        key = keys_of(ids, entity, integers=column.type == "int")
        for row in np.flatnonzero(np.isin(key, np.array(wanted, dtype=np.uint64))):
            value = ids.value[int(ids.present[:row].sum())]
            text = value.decode(errors="backslashreplace") if column.type == "bytes" else value
            names[str(int(key[row]))] = [entity, repr(text)]
    return names
