"""Transformed tuples as a tf.data pipeline of (inputs, targets, weights)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy.typing as npt
import tensorflow as tf

from relation.names import RELATION, RELATION_WEIGHT, prefixed
from relation.spec import Relation
from trainer_module.answers import Answer
from trainer_module.parts import Tower

SHUFFLE_TUPLES = 16_384
"""Tuples held to shuffle from; RelationGen already writes them in the order of a hash."""


def decode_roles(
    relation: Relation,
    towers: Mapping[str, Tower],
    names: Mapping[str, Sequence[str]],
    transformed: Mapping[str, tf.Tensor],
    roles: Sequence[str],
) -> dict[str, tf.Tensor]:
    """Decodes the features of some roles, each by the tower of its entity type.

    Args:
      names: of the features of each entity type.
    """
    decoded = {}
    for role in roles:
        entity = relation.entity_of(role)
        mine = {name: transformed[prefixed(role, name)] for name in names[entity]}
        for name, value in towers[entity].decode(mine).items():
            decoded[prefixed(role, name)] = value
    return decoded


def tuple_dataset(
    files: Sequence[str],
    feature_spec: Mapping[str, tf.io.FixedLenFeature],
    answer: Answer,
    towers: Mapping[str, Tower],
    names: Mapping[str, Sequence[str]],
    batch_size: int,
    shuffle_seed: int | None = None,
    reads: Sequence[str] = (),
) -> tf.data.Dataset:
    """Batches of transformed tuples.

    Args:
      files: gzip TFRecord files of transformed tf.Examples.
      feature_spec: how they are parsed.
      answer: what the model is to say of a tuple, and of which roles.
      towers, names: how they are decoded, and the features of each entity type.
      batch_size: tuples a batch; the last may be smaller.
      shuffle_seed: order of each epoch, a pure function of it; None = the files' order.
      reads: features of tuples that are handed on as they are, those of no fixed width dense with
        -1 where there is no value.

    Returns:
      A dataset of ({`<role>_<feature>`: decoded [batch, ...], and what is read}, targets
      [batch, C]), and where tuples have a weight float32 [batch].
    """
    roles = answer.roles()

    def prepare(serialized: tf.Tensor) -> tuple[Any, ...]:
        features = tf.io.parse_example(serialized, dict(feature_spec))
        targets = answer.targets(features.get(RELATION), tf.shape(serialized)[0])
        decoded = decode_roles(answer.relation, towers, names, features, roles)
        decoded.update((name, _dense(features[name])) for name in reads)
        if RELATION_WEIGHT in features:
            return decoded, targets, features[RELATION_WEIGHT][:, 0]
        return decoded, targets

    dataset = tf.data.TFRecordDataset(sorted(files), compression_type="GZIP")
    if shuffle_seed is not None:
        dataset = dataset.shuffle(SHUFFLE_TUPLES, seed=shuffle_seed, reshuffle_each_iteration=True)
    dataset = dataset.batch(batch_size).map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.prefetch(tf.data.AUTOTUNE)


def read_features(
    files: Sequence[str], feature_spec: Mapping[str, Any], names: Sequence[str]
) -> Iterator[npt.NDArray[Any]]:
    """Some features of transformed tuples alone, batch by batch: [batch, all their values]."""
    spec = {name: feature_spec[name] for name in names}

    def read(serialized: tf.Tensor) -> tf.Tensor:
        features = tf.io.parse_example(serialized, spec)
        return tf.concat([_dense(features[name]) for name in names], axis=1)

    dataset = tf.data.TFRecordDataset(sorted(files), compression_type="GZIP")
    yield from dataset.batch(1024).map(read).prefetch(1).as_numpy_iterator()


def _dense(values: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    return tf.sparse.to_dense(values, -1) if isinstance(values, tf.SparseTensor) else values
