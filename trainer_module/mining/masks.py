"""Masks of who is related to whom within a batch, from groups and from lists of ids."""

from __future__ import annotations

from relation.numeric.lazy import tf
from trainer_module.ops import Tensor


def same(rows: Tensor, columns: Tensor) -> Tensor:
    """Whether row and column have one value, such as a group: [r], [c] -> bool [r, c]."""
    return rows[:, tf.newaxis] == columns[tf.newaxis, :]


def listed(lists: tf.RaggedTensor, columns: Tensor) -> Tensor:
    """Whether a column's id is in a row's list.

    Args:
      lists: ragged [rows, (ids)], such as the known positives (`positive_ids`) of each anchor.
      columns: [columns], ids of the same dtype (strings or integers), in any order, also repeated.

    Returns:
      bool [rows, columns], in time and memory of O(rows · columns + ids).
    """
    ids, width = lists.flat_values, tf.size(columns)
    # Numbers of equal ids, by first appearance: those of columns are all below `width`.
    _, numbers = tf.unique(tf.concat([columns, ids], axis=0))
    here = numbers[width:] < width
    indices = tf.stack(
        [tf.cast(lists.value_rowids(), tf.int32)[here], numbers[width:][here]], axis=1
    )
    times = tf.scatter_nd(
        indices, tf.ones_like(indices[:, 0]), [tf.cast(lists.nrows(), tf.int32), width]
    )
    return tf.gather(times > 0, numbers[:width], axis=1)


def shares(rows: Tensor, columns: Tensor) -> Tensor:
    """Whether row and column have a key in common.

    Args:
      rows: int64 [rows, n], columns: int64 [columns, m]; keys ≥ 0 in any order, -1 = no key.

    Returns:
      bool [rows, columns], in memory of O(rows · columns · m).
    """
    in_list = listed(tf.ragged.boolean_mask(rows, rows >= 0), tf.reshape(columns, [-1]))
    shape = tf.concat([tf.shape(rows)[:1], tf.shape(columns)], axis=0)
    return tf.reduce_any(tf.reshape(in_list, shape), axis=2)


def without_false_negatives(valid: Tensor, positive: Tensor, related: Tensor) -> Tensor:
    """Remove from `valid` the columns that are related to a row, but are not its positives.

    For in-batch softmax, where the positive is the diagonal, these are the accidental hits.

    Args:
      valid, positive: bool [rows, columns].
      related: bool [rows, columns], from `same` of groups, `listed` of known positives, or either
        (`|`).

    Returns:
      bool [rows, columns].
    """
    return valid & (positive | ~related)
