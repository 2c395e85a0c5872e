"""Batch-hard: the worst positive and the worst negative of every anchor."""

from typing import Any

from relation.numeric.lazy import tf
from trainer_module.mining.base import TripletMiner, Triplets, farthest, nearest
from trainer_module.ops import Tensor


class BatchHard(TripletMiner):
    """One triplet for each anchor: its farthest positive and its nearest negative.

    Anchors without a positive or without a negative are left out (sentence-transformers keeps
    them, at distance 0).

    Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017,
    equation 5.
    """

    def choose(
        self, scores: Tensor, positive: Tensor, negative: Tensor, seed: Any = None
    ) -> Triplets:
        both = tf.reduce_any(positive, axis=1) & tf.reduce_any(negative, axis=1)
        columns = (farthest(scores, positive), nearest(scores, negative), both)
        return Triplets(*(column[:, tf.newaxis] for column in columns))
