"""A loss of every anchor against the candidates of its whole batch."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from relation.names import FILTERED_IDS, ID, POSITIVE_IDS
from trainer_module.data.batch_keys import Keys, hashed
from trainer_module.data.frequencies import Frequencies
from trainer_module.losses.base import BatchLoss
from trainer_module.mining.masks import shares, without_false_negatives
from trainer_module.objectives.within_batch import WithinBatch, batch_loss, stacked_keys
from trainer_module.ops import Tensor
from trainer_module.tasks.similarity import Similarity


class InBatchCandidates(WithinBatch):
    """A loss of every left member (anchor) against all right members of the batch.

    Columns are the right members of the first comparison in the order of the batch, then those of
    the second, and so on: positives and hard negatives. The positives of a row are the related
    members of its own tuple. Other columns that are related to it are positives too for a loss of
    `every_positive`; for others they are not valid. The anchor itself is never valid.

    A column is related to a row if its id is a positive in any tuple of the anchor of the batch, if
    `positive_ids` lists it, or if both have one group. In evaluation a column that `filtered_ids`
    lists is related in another split: not valid, nor ever a further positive.

    Args:
      frequencies: of candidates; None: no logQ correction.
    """

    def __init__(
        self,
        task: Similarity,
        loss: BatchLoss,
        keys: Keys,
        frequencies: Frequencies | None = None,
    ):
        super().__init__(task, keys)
        self._loss, self._frequencies = loss, frequencies

    def outputs(self, layer: keras.layers.Layer, embeddings: Mapping[str, Tensor]) -> Tensor:
        """Scores [batch, comparisons · batch]."""
        columns = tf.concat([embeddings[role] for role in self.task.rights], axis=0)
        return self.task.head.matrix(layer, embeddings[self.task.left], columns)

    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        related = targets > 0.5
        ids = stacked_keys(inputs, self.task.rights, ID)
        own = tf.eye(tf.shape(targets)[0], dtype=tf.bool)
        positive = tf.concat([own & related[:, j, None] for j in range(targets.shape[1])], axis=1)
        related_columns = self._related(inputs, related, ids)
        if self._loss.every_positive:
            positive |= related_columns & ~self._itself(inputs, ids)
        if self._keys.filtered:
            related_columns |= shares(inputs[hashed(FILTERED_IDS)], ids)
        valid = without_false_negatives(tf.ones_like(positive), positive, related_columns)
        log_q = None if self._frequencies is None else self._frequencies.log_q(ids[:, 0])
        return batch_loss(self._loss, outputs, positive, valid, weight, log_q)

    def _related(self, inputs: Mapping[str, Tensor], related: Tensor, ids: Tensor) -> Tensor:
        """Columns that are not negatives of a row, bool [batch, columns]: related, or the
        anchor."""
        task = self.task
        anchors = stacked_keys(inputs, [task.left], ID)
        # The anchor whose positive each column is.
        owners = tf.where(tf.transpose(related), anchors[:, 0], -1)
        positives = tf.where(shares(anchors, tf.reshape(owners, [-1, 1])), ids[:, 0], -1)
        columns = shares(positives, ids)
        columns |= self._itself(inputs, ids)
        if self._keys.known_positives:
            columns |= shares(inputs[hashed(POSITIVE_IDS)], ids)
        if self._group is not None:
            groups = [
                stacked_keys(inputs, roles, self._group) for roles in ([task.left], task.rights)
            ]
            columns |= shares(*groups)
        return columns

    def _itself(self, inputs: Mapping[str, Tensor], ids: Tensor) -> Tensor:
        """Whether each column holds the anchor of a row, bool [batch, columns]."""
        anchors = stacked_keys(inputs, [self.task.left], ID)
        if len(self.task.relation.entities) > 1:
            return tf.zeros((tf.shape(anchors)[0], tf.shape(ids)[0]), dtype=tf.bool)
        return shares(anchors, ids)
