"""Sampling probabilities of in-batch candidates, counted in the training tuples."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from trainer_module.ops import Tensor


class Frequencies:
    """The share of each entity among all candidates of the training tuples, counted beforehand.

    The count is exact in every epoch; a running estimate (Yi et al., RecSys 2019, algorithm 2) is
    wrong at first. An entity that is not among the training tuples counts as one occurrence.

    Args:
      batches: keys of candidates, int64, any shape.
    """

    def __init__(self, batches: Iterable[npt.NDArray[np.int64]]):
        keys = [np.asarray(batch, np.int64).ravel() for batch in batches]
        self._keys, counts = np.unique(np.concatenate(keys), return_counts=True)
        total = counts.sum()
        self._logs = np.log(counts / total).astype(np.float32)
        self._rare = np.float32(-np.log(total))

    def log_q(self, keys: Tensor) -> Tensor:
        """Log of the share of each key: int64 [n] -> float32 [n]."""
        counted = tf.constant(self._keys)
        position = tf.minimum(tf.searchsorted(counted, keys), len(self._keys) - 1)
        logs = tf.gather(tf.constant(self._logs), position)
        return tf.where(tf.gather(counted, position) == keys, logs, self._rare)
