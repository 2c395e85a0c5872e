"""An objective within a batch against proxies: one learnt embedding for each group."""

from collections.abc import Iterable, Mapping

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from trainer_module.data.batch_keys import Keys
from trainer_module.losses.base import BatchLoss
from trainer_module.mining.masks import shares
from trainer_module.objectives.within_batch import WithinBatch, batch_loss, stacked_keys
from trainer_module.ops import Tensor
from trainer_module.tasks.similarity import Similarity


class GroupProxies(WithinBatch):
    """A loss of all members of a batch (rows) against the proxies of all groups (columns).

    A member whose group is not among the training tuples is left out.

    Args:
      batches: hashes of the groups of training tuples, int64, any shape; below 0: no group.
    """

    def __init__(
        self,
        task: Similarity,
        loss: BatchLoss,
        keys: Keys,
        batches: Iterable[npt.NDArray[np.int64]],
    ):
        super().__init__(task, keys)
        self._loss = loss
        groups: set[int] = set()
        for batch in batches:
            groups.update(np.unique(batch[batch >= 0]).tolist())
        self._groups = np.array(sorted(groups), np.int64)[:, None]

    def build(self) -> keras.layers.Layer:
        return _WithProxies(super().build(), len(self._groups))

    def outputs(self, layer: keras.layers.Layer, embeddings: Mapping[str, Tensor]) -> Tensor:
        """Scores [roles · batch, groups]."""
        members = tf.concat([embeddings[role] for role in self.task.roles()], axis=0)
        return self.task.head.matrix(layer.head, members, layer.table(members))

    def __call__(
        self, inputs: Mapping[str, Tensor], targets: Tensor, outputs: Tensor, weight: Tensor | None
    ) -> Tensor:
        del targets
        roles = self.task.roles()
        assert self._group is not None
        own = shares(stacked_keys(inputs, roles, self._group), tf.constant(self._groups))
        valid = tf.broadcast_to(tf.reduce_any(own, axis=1, keepdims=True), tf.shape(own))
        if weight is not None:
            weight = tf.tile(weight, [len(roles)])
        return batch_loss(self._loss, outputs, own, valid, weight)


class _WithProxies(keras.layers.Layer):
    """The layer of a head, beside a table of proxies."""

    def __init__(self, head: keras.layers.Layer, groups: int):
        super().__init__(name="with_proxies", dtype="float32")
        self.head = head
        self.table = _Table(groups)
        self.built = True

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return self.head(left, right)


class _Table(keras.layers.Layer):
    """[any, d] -> the proxies, [groups, d]."""

    def __init__(self, groups: int):
        super().__init__(name="proxies", dtype="float32")
        self.groups = groups

    def build(self, shape: tuple[int | None, ...]) -> None:
        size = (self.groups, shape[-1])
        self.proxies = self.add_weight(shape=size, initializer="random_normal", name="proxies")

    def call(self, members: Tensor) -> Tensor:
        del members
        return keras.ops.convert_to_tensor(self.proxies)
