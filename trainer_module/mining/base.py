"""A miner: takes the rows of a batch as anchors, and chooses triplets among its columns."""

import abc
from typing import Any, NamedTuple

from relation.numeric.lazy import tf
from relation.spec import Frozen
from trainer_module.losses.base import TupleLoss, sides
from trainer_module.ops import Tensor, as_float32


class Triplets(NamedTuple):
    """Chosen triplets: the columns of positive and negative of each row, [batch, k].

    positive, negative: int32; anything where not valid.
    valid: bool, which of the k exist.
    """

    positive: Tensor
    negative: Tensor
    valid: Tensor


class Mined(NamedTuple):
    """Losses of mined triplets, [batch, k], and the number of triplets behind each of them.

    A loss of 0 counts like any other. The loss of a batch is `weighted_mean(losses, counts)`, with
    `relation_weight` `weighted_mean(losses, counts * weight[:, None])`.
    """

    losses: Tensor
    counts: Tensor


class Miner(Frozen, abc.ABC):
    """Parameters of a miner of triplets within a batch."""

    @property
    def reads_head(self) -> str | None:
        """The head whose scores it works with; None = any."""
        return None

    def check(self, loss: TupleLoss) -> None:
        """Raises ValueError if it cannot work with this loss."""
        if loss.whole_batch:
            raise ValueError(f"{type(loss).__name__} has no loss for single triplets")

    @abc.abstractmethod
    def __call__(
        self, loss: TupleLoss, scores: Tensor, positive: Tensor, valid: Tensor, seed: Any = None
    ) -> Mined:
        """Mines triplets, and applies a loss of tuples to each as (1 related, 0 not).

        Args:
          loss: of tuples of an anchor, a positive and a negative.
          scores, positive, valid: [batch, columns], as of a `BatchLoss`.
          seed: as in `keras.random`, for miners that draw.

        Raises:
          ValueError: the miner cannot work with this loss.
        """


class TripletMiner(Miner):
    """A miner that chooses some triplets, for any loss of single tuples."""

    def __call__(
        self, loss: TupleLoss, scores: Tensor, positive: Tensor, valid: Tensor, seed: Any = None
    ) -> Mined:
        self.check(loss)
        scores = tf.where(valid, as_float32(scores), 0.0)
        chosen = self.choose(tf.stop_gradient(scores), *sides(positive, valid), seed=seed)
        columns = tf.stack([chosen.positive, chosen.negative], axis=-1)
        pairs = tf.reshape(tf.gather(scores, columns, batch_dims=1), [-1, 2])
        related = tf.broadcast_to(tf.constant([1.0, 0.0], pairs.dtype), tf.shape(pairs))
        losses = tf.reshape(loss(related, pairs), tf.shape(chosen.valid))
        losses = tf.where(chosen.valid, losses, 0.0)
        return Mined(losses, tf.cast(chosen.valid, losses.dtype))

    @abc.abstractmethod
    def choose(
        self, scores: Tensor, positive: Tensor, negative: Tensor, seed: Any = None
    ) -> Triplets:
        """Triplets of scores [batch, columns], float; the masks hold valid columns only.

        No gradient goes through the choice.
        """


def nearest(scores: Tensor, mask: Tensor) -> Tensor:
    """Column of the highest score within the mask, [batch], int32; the first of several."""
    return tf.argmax(tf.where(mask, scores, scores.dtype.min), axis=1, output_type=tf.int32)


def farthest(scores: Tensor, mask: Tensor) -> Tensor:
    """Column of the lowest score within the mask, [batch], int32; the first of several."""
    return nearest(-scores, mask)
