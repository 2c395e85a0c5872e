"""Transformed tuples as a tf.data pipeline of (inputs, related)."""

from collections.abc import Mapping, Sequence

import tensorflow as tf

from relation.names import RELATION, prefixed
from relation.spec import Relation
from trainer_module.parts import Tower

SHUFFLE_TUPLES = 16_384
"""Tuples held to shuffle from; RelationGen already writes them in the order of a hash."""


def related_columns(relation: Relation, label: tf.Tensor | None, batch: tf.Tensor) -> tf.Tensor:
    """What the head should say of every comparison.

    Args:
      relation: its comparisons say what is known from the kind of tuple.
      label: float32 [batch, 1], the label of the tuples; None where the relation has none.
      batch: scalar, the number of tuples.

    Returns:
      float32 [batch, comparisons] of 1 (related) and 0.
    """
    columns = []
    for comparison in relation.comparisons:
        if comparison.related is None:
            assert label is not None
            columns.append(label[:, 0])
        else:
            columns.append(tf.fill([batch], float(comparison.related)))
    return tf.stack(columns, axis=-1)


def decode_roles(
    relation: Relation,
    towers: Mapping[str, Tower],
    names: Sequence[str],
    transformed: Mapping[str, tf.Tensor],
    roles: Sequence[str],
) -> dict[str, tf.Tensor]:
    """Decodes the features `names` of some roles, each by the tower of its entity type."""
    decoded = {}
    for role in roles:
        mine = {name: transformed[prefixed(role, name)] for name in names}
        for name, value in towers[relation.entity_of(role)].decode(mine).items():
            decoded[prefixed(role, name)] = value
    return decoded


def tuple_dataset(
    files: Sequence[str],
    feature_spec: Mapping[str, tf.io.FixedLenFeature],
    relation: Relation,
    towers: Mapping[str, Tower],
    names: Sequence[str],
    batch_size: int,
    shuffle_seed: int | None = None,
) -> tf.data.Dataset:
    """Batches of transformed tuples.

    Args:
      files: gzip TFRecord files of transformed tf.Examples.
      feature_spec: how they are parsed.
      relation, towers, names: what is decoded, and how.
      batch_size: tuples a batch; the last may be smaller.
      shuffle_seed: order of each epoch, a pure function of it; None = the files' order.

    Returns:
      A dataset of ({`<role>_<feature>`: decoded [batch, ...]}, related [batch, comparisons]).
    """
    roles = [role.name for role in relation.roles]

    def prepare(serialized: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        features = tf.io.parse_example(serialized, dict(feature_spec))
        label = features.pop(RELATION, None)
        related = related_columns(relation, label, tf.shape(serialized)[0])
        return decode_roles(relation, towers, names, features, roles), related

    dataset = tf.data.TFRecordDataset(sorted(files), compression_type="GZIP")
    if shuffle_seed is not None:
        dataset = dataset.shuffle(SHUFFLE_TUPLES, seed=shuffle_seed, reshuffle_each_iteration=True)
    dataset = dataset.batch(batch_size).map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.prefetch(tf.data.AUTOTUNE)
