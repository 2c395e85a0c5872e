"""Batch-all: the mean over every triplet of a batch, without forming the triplets."""

from typing import Any, Literal

from relation.numeric.lazy import tf
from trainer_module.losses.base import TupleLoss, sides
from trainer_module.losses.triplet import Triplet
from trainer_module.mining.base import Mined, Miner
from trainer_module.mining.buckets import Buckets, sorted_positives
from trainer_module.ops import Tensor, as_float32


class BatchAll(Miner):
    """The triplet loss of all (anchor, positive, negative): for each anchor their mean.

    Of a positive with score s and margin m, the negatives that have a loss are those that score
    above s − m; sums over them are differences of running sums, so the B³ triplets are never
    formed. That holds for the margin loss `triplet` only.

    Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017,
    section 2, "batch all".
    """

    mean: Literal["active", "all"] = "active"
    """The triplets that the mean is over: `active`, those that have a loss (as in
    pytorch-metric-learning and sentence-transformers; the paper's BA≠0), or `all`."""

    def check(self, loss: TupleLoss) -> None:
        if not isinstance(loss, Triplet):
            raise ValueError(f"batch_all needs the loss triplet; got {type(loss).__name__}")

    def __call__(
        self, loss: TupleLoss, scores: Tensor, positive: Tensor, valid: Tensor, seed: Any = None
    ) -> Mined:
        """Compute the mean loss of the triplets of each anchor.

        Args:
          loss: the loss `triplet`.
          scores: float [batch, columns], higher = more related.
          positive, valid: bool [batch, columns].
          seed: not used; nothing is drawn.

        Returns:
          Losses and counts of triplets, [batch, 1] each; float32, or float64 where scores are.

        Raises:
          ValueError: the loss is not `triplet`.
        """
        self.check(loss)
        assert isinstance(loss, Triplet)
        scores = tf.where(valid, as_float32(scores), 0.0)
        own, other = sides(positive, valid)
        positives = sorted_positives(tf.stop_gradient(scores), own)
        bounds = positives.scores - loss.margin
        # Buckets 0 … j hold the negatives above bound j: those that positive j has a loss with.
        above = Buckets(bounds, tf.stop_gradient(scores), other, equal=True)
        each = above.reduce(tf.math.unsorted_segment_sum, tf.ones_like(scores))
        active = tf.where(positives.valid, tf.cumsum(each, axis=1)[:, :-1], 0.0)
        sums = tf.cumsum(above.reduce(tf.math.unsorted_segment_sum, scores), axis=1)[:, :-1]
        gaps = loss.margin - tf.gather(scores, positives.columns, batch_dims=1)
        total = tf.reduce_sum(tf.where(positives.valid, active * gaps + sums, 0.0), axis=1)
        if self.mean == "active":
            count = tf.reduce_sum(active, axis=1)
        else:
            count = tf.reduce_sum(tf.cast(own, total.dtype), axis=1) * tf.reduce_sum(
                tf.cast(other, total.dtype), axis=1
            )
        return Mined(tf.math.divide_no_nan(total, count)[:, tf.newaxis], count[:, tf.newaxis])
