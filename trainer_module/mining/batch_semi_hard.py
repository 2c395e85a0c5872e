"""Batch-semi-hard: for every positive pair the nearest negative beyond the positive."""

from typing import Any

from relation.numeric.lazy import tf
from trainer_module.mining.base import TripletMiner, Triplets, farthest
from trainer_module.mining.buckets import Buckets, least_from_here, sorted_positives
from trainer_module.ops import Tensor


class BatchSemiHard(TripletMiner):
    """A triplet for each pair of anchor and positive: the nearest negative that is farther than the
    positive; without one, the farthest negative.

    Farther means a strictly lower score. As in TensorFlow Addons and sentence-transformers, the
    mean is over all positive pairs, those without loss included.

    Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015, section 3.2.
    """

    def choose(
        self, scores: Tensor, positive: Tensor, negative: Tensor, seed: Any = None
    ) -> Triplets:
        positives = sorted_positives(scores, positive)
        # Bucket j + 1 and later hold the negatives beyond positive j; the first that holds any,
        # its highest score. Buckets are in the order of scores, so numbers of buckets do.
        between = Buckets(positives.scores, scores, negative)
        best = between.reduce(tf.math.unsorted_segment_max, scores)
        columns = tf.broadcast_to(tf.range(tf.shape(scores)[1]), tf.shape(scores))
        is_best = tf.where(scores == between.spread(best), columns, -1)
        column = between.reduce(tf.math.unsorted_segment_max, is_best)
        width = tf.shape(column)[1]
        number = tf.where(column >= 0, tf.range(width), width)
        following = least_from_here(number)[:, 1:]
        beyond = tf.gather(column, tf.minimum(following, width - 1), batch_dims=1)
        last = farthest(scores, negative)[:, tf.newaxis]
        return Triplets(
            positives.columns,
            tf.where(following < width, beyond, last),
            positives.valid & tf.reduce_any(negative, axis=1, keepdims=True),
        )
