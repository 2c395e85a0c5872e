"""The base of objectives within a batch, where keys define who is related."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from relation.names import prefixed
from trainer_module.data.batch_keys import Keys, hashed
from trainer_module.losses.base import BatchLoss
from trainer_module.objectives.base import Objective
from trainer_module.ops import Tensor, weighted_mean
from trainer_module.tasks.similarity import Similarity


class WithinBatch(Objective):
    """An objective that compares members of different tuples, by their keys (hashes ≥ 0)."""

    task: Similarity

    def __init__(self, task: Similarity, keys: Keys):
        self.task, self._keys = task, keys

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(map(hashed, self._keys.names(self.task.relation)))

    @property
    def _group(self) -> str | None:
        return self._keys.group


def stacked_keys(inputs: Mapping[str, Tensor], roles: Sequence[str], name: str) -> Tensor:
    """Keys of one name of several roles, role after role: int64 [roles · batch, n], -1 = none."""
    keys = [inputs[hashed(prefixed(role, name))] for role in roles]
    width = tf.reduce_max([tf.shape(key)[1] for key in keys])
    return tf.concat(
        [tf.pad(key, [[0, 0], [0, width - tf.shape(key)[1]]], constant_values=-1) for key in keys],
        axis=0,
    )


def batch_loss(
    loss: BatchLoss,
    scores: Tensor,
    positive: Tensor,
    valid: Tensor,
    weight: Tensor | None,
    log_q: Tensor | None = None,
) -> Tensor:
    """The loss of a batch, a scalar: the mean over the rows that have one.

    Args:
      scores, positive, valid, log_q: of a `BatchLoss`.
      weight: float32 [batch], of rows; None = 1 each.
    """
    if loss.whole_batch:
        needed: dict[str, Any] = {"weight": weight}
        return loss(scores, positive, valid, log_q, **needed)
    losses = loss(scores, positive, valid, log_q)
    counts = tf.cast(loss.defined(positive, valid), losses.dtype)
    if weight is not None:
        counts *= tf.cast(weight, losses.dtype)
    return weighted_mean(losses, counts)
