"""A loss of triplets that are mined within a batch."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from relation.names import ID
from trainer_module.data.batch_keys import Keys
from trainer_module.losses.base import TupleLoss
from trainer_module.mining.base import Miner
from trainer_module.mining.masks import shares
from trainer_module.objectives.within_batch import WithinBatch, stacked_keys
from trainer_module.ops import Tensor, weighted_mean
from trainer_module.tasks.similarity import Similarity


class MinedTriplets(WithinBatch):
    """A loss of triplets mined among all members of a batch.

    Members of one group are related; an entity that occurs twice is not compared with itself.
    """

    def __init__(self, task: Similarity, loss: TupleLoss, miner: Miner, keys: Keys, seed: int = 0):
        super().__init__(task, keys)
        self._loss, self._miner = loss, miner
        self._seed = keras.random.SeedGenerator(seed)

    def outputs(self, layer: keras.layers.Layer, embeddings: Mapping[str, Tensor]) -> Tensor:
        """Scores [roles · batch, roles · batch]."""
        members = tf.concat([embeddings[role] for role in self.task.roles()], axis=0)
        return self.task.head.matrix(layer, members, members)

    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        del targets
        roles = self.task.roles()
        assert self._group is not None
        ids, groups = (stacked_keys(inputs, roles, name) for name in (ID, self._group))
        positive, valid = shares(groups, groups), ~shares(ids, ids)
        mined = self._miner(self._loss, outputs, positive, valid, seed=self._seed)
        counts = mined.counts
        if weight is not None:
            counts *= tf.tile(tf.cast(weight, counts.dtype), [len(roles)])[:, tf.newaxis]
        return weighted_mean(mined.losses, counts)
