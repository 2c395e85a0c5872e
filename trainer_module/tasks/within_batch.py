"""Objectives within a batch: each tuple's members are candidates for the others, too."""

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from relation.names import ID, POSITIVE_IDS, prefixed
from trainer_module.data.batch_keys import Keys, hashed
from trainer_module.data.frequencies import Frequencies
from trainer_module.losses.base import BatchLoss, TupleLoss
from trainer_module.mining.base import Miner
from trainer_module.mining.masks import shares, without_false_negatives
from trainer_module.ops import Tensor, weighted_mean
from trainer_module.tasks.answers import Compared
from trainer_module.tasks.objectives import Objective


class WithinBatch(Objective):
    """What the objectives within a batch share: keys of roles, which are hashes >= 0."""

    answer: Compared

    def __init__(self, answer: Compared, keys: Keys):
        self.answer, self._keys = answer, keys

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(map(hashed, self._keys.names(self.answer.relation)))

    @property
    def _group(self) -> str | None:
        return self._keys.group


class InBatch(WithinBatch):
    """A loss of every left member (anchor) against all right members of the batch.

    Columns are the right members of the first comparison, in the order of the batch, then those of
    the second, and so on: positives and hard negatives. Of a row, those of its own tuple that are
    related are positive; others that are known to be related are so for a loss of `every_positive`,
    else they are not valid. The anchor itself never is.
    They are known by their id in any tuple of the anchor, by `positive_ids`, by the group.

    Args:
      frequencies: of candidates; None: no logQ correction.
    """

    def __init__(
        self,
        answer: Compared,
        loss: BatchLoss,
        keys: Keys,
        frequencies: Frequencies | None = None,
    ):
        super().__init__(answer, keys)
        self._loss, self._frequencies = loss, frequencies

    def outputs(self, layer: keras.layers.Layer, embeddings: Mapping[str, Tensor]) -> Tensor:
        """Scores [batch, comparisons · batch]."""
        columns = tf.concat([embeddings[role] for role in self.answer.rights], axis=0)
        return self.answer.head.matrix(layer, embeddings[self.answer.left], columns)

    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        related = targets > 0.5
        ids = joined(inputs, self.answer.rights, ID)
        own = tf.eye(tf.shape(targets)[0], dtype=tf.bool)
        positive = tf.concat([own & related[:, j, None] for j in range(targets.shape[1])], axis=1)
        known = self._known(inputs, related, ids)
        if self._loss.every_positive:
            positive |= known & ~self._itself(inputs, ids)
        valid = without_false_negatives(tf.ones_like(positive), positive, known)
        log_q = None if self._frequencies is None else self._frequencies.log_q(ids[:, 0])
        losses = self._loss(outputs, positive, valid, log_q)
        counts = tf.cast(self._loss.defined(positive, valid), losses.dtype)
        if weight is not None:
            counts *= tf.cast(weight, losses.dtype)
        return weighted_mean(losses, counts)

    def _known(self, inputs: Mapping[str, Tensor], related: Tensor, ids: Tensor) -> Tensor:
        """Which columns must not be negatives of a row: bool [batch, columns]."""
        answer = self.answer
        anchors = joined(inputs, [answer.left], ID)
        of = tf.where(tf.transpose(related), anchors[:, 0], -1)  # Whose positive a column is.
        positives = tf.where(shares(anchors, tf.reshape(of, [-1, 1])), ids[:, 0], -1)
        known = shares(positives, ids)
        known |= self._itself(inputs, ids)
        if self._keys.known:
            known |= shares(inputs[hashed(POSITIVE_IDS)], ids)
        if self._group is not None:
            groups = [
                joined(inputs, roles, self._group) for roles in ([answer.left], answer.rights)
            ]
            known |= shares(*groups)
        return known

    def _itself(self, inputs: Mapping[str, Tensor], ids: Tensor) -> Tensor:
        """Which columns hold the anchor of a row: bool [batch, columns]."""
        anchors = joined(inputs, [self.answer.left], ID)
        if len(self.answer.relation.entities) > 1:
            return tf.zeros((tf.shape(anchors)[0], tf.shape(ids)[0]), dtype=tf.bool)
        return shares(anchors, ids)


class MinedTriplets(WithinBatch):
    """A loss of triplets that are mined among all members of a batch, each against each other.

    Members of one group are related; an entity that is there twice is not compared with itself.
    """

    def __init__(self, answer: Compared, loss: TupleLoss, miner: Miner, keys: Keys, seed: int = 0):
        super().__init__(answer, keys)
        self._loss, self._miner = loss, miner
        self._seed = keras.random.SeedGenerator(seed)

    def outputs(self, layer: keras.layers.Layer, embeddings: Mapping[str, Tensor]) -> Tensor:
        """Scores [roles · batch, roles · batch]."""
        members = tf.concat([embeddings[role] for role in self.answer.roles()], axis=0)
        return self.answer.head.matrix(layer, members, members)

    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        del targets
        roles = self.answer.roles()
        assert self._group is not None
        ids, groups = (joined(inputs, roles, name) for name in (ID, self._group))
        positive, valid = shares(groups, groups), ~shares(ids, ids)
        mined = self._miner(self._loss, outputs, positive, valid, seed=self._seed)
        counts = mined.counts
        if weight is not None:
            counts *= tf.tile(tf.cast(weight, counts.dtype), [len(roles)])[:, tf.newaxis]
        return weighted_mean(mined.losses, counts)


def joined(inputs: Mapping[str, Tensor], roles: Sequence[str], name: str) -> Tensor:
    """Keys of several roles, one below the other: int64 [roles · batch, n], -1 = no value."""
    parts = [inputs[hashed(prefixed(role, name))] for role in roles]
    width = tf.reduce_max([tf.shape(part)[1] for part in parts])
    return tf.concat(
        [
            tf.pad(part, [[0, 0], [0, width - tf.shape(part)[1]]], constant_values=-1)
            for part in parts
        ],
        axis=0,
    )
