"""Distance-weighted sampling of negatives."""

from typing import Any, Literal

from pydantic import Field, PositiveFloat

from relation.numeric.lazy import keras, tf
from trainer_module.mining.base import TripletMiner, Triplets
from trainer_module.mining.buckets import sorted_positives
from trainer_module.ops import NOTHING, Tensor


class DistanceWeighted(TripletMiner):
    """A triplet for each pair of anchor and positive, its negative drawn so that distances are
    uniform.

    A negative at distance d has weight 1/q(d), q(d) = d^{n−2} (1 − d²/4)^{(n−3)/2} the density of
    distances on the unit sphere of dimension n, with d at least `cutoff`; beyond `farthest` it is
    not drawn, unless all negatives of the anchor are, and then each is as likely.

    Embeddings must be of unit length.

    Wu et al., "Sampling Matters in Deep Embedding Learning", ICCV 2017, section 4.1 and its code.
    """

    dimension: int = Field(ge=3, le=2**16)
    """n, the numbers in an embedding."""
    head: Literal["cosine", "distance", "squared_distance"] = "cosine"
    """The model's head, which says how scores give the distance: the cosine c (d² = 2 − 2c), −d, or
    −d²."""
    cutoff: PositiveFloat = 0.5
    """The distance below which weights do not grow any more."""
    farthest: PositiveFloat = 1.4
    """The distance beyond which negatives are not drawn while there are nearer ones."""

    @property
    def reads_head(self) -> str | None:
        return self.head

    def choose(
        self, scores: Tensor, positive: Tensor, negative: Tensor, seed: Any = None
    ) -> Triplets:
        positives = sorted_positives(scores, positive)
        running = tf.cumsum(self._weights(scores, negative), axis=1)
        drawn = keras.random.uniform(tf.shape(positives.columns), dtype=scores.dtype, seed=seed)
        column = tf.searchsorted(running, drawn * running[:, -1:], side="right")
        return Triplets(
            positives.columns,
            tf.minimum(column, tf.shape(scores)[1] - 1),
            positives.valid & tf.reduce_any(negative, axis=1, keepdims=True),
        )

    def _weights(self, scores: Tensor, negative: Tensor) -> Tensor:
        """Probability of each column, relative to the likeliest of its row; from 0 to 1.

        Args:
          scores: float32 or float64 [batch, columns].
          negative: bool [batch, columns]. Other columns weigh 0.

        Returns:
          [batch, columns], of the dtype of scores.
        """
        squared = self._squared_distance(scores)
        log_q = 0.5 * (self.dimension - 2.0) * tf.math.log(
            tf.maximum(squared, self.cutoff**2)
        ) + 0.5 * (self.dimension - 3.0) * tf.math.log(tf.maximum(1.0 - squared / 4.0, 1e-8))
        near = negative & (squared < self.farthest**2)
        some = tf.reduce_any(near, axis=1, keepdims=True)
        logs = tf.where(near, -log_q, NOTHING)
        weights = tf.exp(logs - tf.reduce_max(logs, axis=1, keepdims=True))
        return tf.where(some, weights, tf.cast(negative, scores.dtype))

    def _squared_distance(self, scores: Tensor) -> Tensor:
        if self.head == "cosine":
            return 2.0 - 2.0 * scores
        return -scores if self.head == "squared_distance" else tf.square(scores)
