"""Writes output shards, and publishes them all at once when all are written."""

import itertools
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import tensorflow as tf

from components.common import tfrecord_writer
from components.common.columns import join
from components.common.example_wire import example
from components.common.shuffle_store import BatchRef
from components.relation_gen.batches import GatheredMembers, TupleRows
from components.relation_gen.context import Context, building
from components.relation_gen.index.side_inputs import Layout
from components.relation_gen.shuffle_keys import Gathered
from components.relation_gen.stats import counters
from components.relation_gen.transforms.score import Scorer
from components.relation_gen.tuples import assemble
from relation.core.errors import DataError
from relation.names import ENTITIES

STATS = "relation_stats.json"


def split_folder(root: str, split: str) -> str:
    """Folder of a split, as TFX names it."""
    return os.path.join(root, f"Split-{split}")


@beam.typehints.with_output_types(counters.Counted)
@dataclass(eq=False)
class Write(beam.DoFn):
    """Write an output shard: `TupleRows` and `GatheredMembers` → a file, and its record count."""

    context: Context

    def process(self, element: Gathered, layout: Layout) -> Iterator[counters.Counted]:
        (_, output, number), refs = element
        folder = split_folder(building(self.context.output), output)
        name = tfrecord_writer.shard_name(number, layout.output_shards[output])
        entries = self._entries(output, list(refs))
        count = tfrecord_writer.write(
            os.path.join(folder, name), itertools.starmap(example, entries)
        )
        yield (output, "", counters.WRITTEN), counters.Counter(count)

    def _entries(self, output: str, refs: list[BatchRef]) -> Iterator[list[bytes]]:
        """The serialized features of each tuple."""
        store, relation = self.context.store, self.context.relation
        batches = list(store.read_kind(TupleRows, refs))
        if not batches:
            return iter(())
        tuple_rows, members = join(batches), store.read_kind(GatheredMembers, refs)
        if output == ENTITIES:
            return assemble.assemble_entities(tuple_rows, members)
        examples = assemble.assemble(tuple_rows, members, relation.tuples)
        return examples if relation.function is None else Scorer(self.context)(examples)


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
                f"output folder {output}: already holds results; name another folder, or remove "
                "this one"
            )
        discard(output)  # Left by a run that was killed.
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
    """Removes unpublished files."""
    if tf.io.gfile.isdir(building(output)):
        tf.io.gfile.rmtree(building(output))
