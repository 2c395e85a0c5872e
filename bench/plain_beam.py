"""Triplets of rows that share a label, as one would write it in Beam without much thought.

Rows are grouped by label, positives are sampled within the group and negatives from the groups of
other labels (a side input), tuples are built as protos, and written by Beam. It promises less than
RelationGen: no row is checked, draws are not distinct, depend on the order of the rows and carry no
probability, and there is no split of entities.
"""

import random
from collections.abc import Iterable, Iterator, Mapping

import apache_beam as beam
import tensorflow as tf

Group = tuple[int, Iterable[bytes]]


def _by_label(record: bytes) -> tuple[int, bytes]:
    example = tf.train.Example.FromString(record)
    return example.features.feature["label"].int64_list.value[0], record


class _Sample(beam.DoFn):
    def __init__(self, count: int) -> None:
        self._count = count
        self._parsed: dict[int, list[tf.train.Example]] = {}

    def process(self, group: Group, groups: Mapping[int, Iterable[bytes]]) -> Iterator[bytes]:
        if not self._parsed:
            self._parsed = {
                label: [tf.train.Example.FromString(record) for record in records]
                for label, records in groups.items()
            }
        label, _ = group
        rng = random.Random(label)
        own = self._parsed[label]
        others = [found for found in self._parsed if found != label]
        for anchor in own:
            for _ in range(self._count):
                positive = rng.choice(own)
                while positive is anchor:
                    positive = rng.choice(own)
                negative = rng.choice(self._parsed[rng.choice(others)])
                yield _build({"anchor": anchor, "positive": positive, "negative": negative})


def _build(members: Mapping[str, tf.train.Example]) -> bytes:
    made = tf.train.Example()
    for role, member in members.items():
        for name, feature in member.features.feature.items():
            made.features.feature[f"{role}_{name}"].CopyFrom(feature)
    return bytes(made.SerializeToString())


def triplets(pipeline: beam.Pipeline, files: str, prefix: str, count: int) -> None:
    """Writes `count` triplets of each row.

    Args:
      files: a glob of TFRecords of tf.Examples with an integer feature `label`.
    """
    groups = pipeline | beam.io.ReadFromTFRecord(files) | beam.Map(_by_label) | beam.GroupByKey()
    _ = (
        groups
        | beam.ParDo(_Sample(count), beam.pvalue.AsDict(groups))
        | beam.io.WriteToTFRecord(prefix, file_name_suffix=".gz")
    )
