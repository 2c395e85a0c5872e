"""The relational model: one tower an entity type, and a head over the roles of a tuple."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from relation.names import prefixed
from trainer_module.data.inputs import MICRO_BATCH_WEIGHT, NUMBER
from trainer_module.objectives.base import Objective
from trainer_module.ops import Tensor
from trainer_module.tasks.base import Task

REPORTED_TUPLES = 3
"""Number of tuples of a batch that an error about its loss names."""


class RelationalModel(keras.Model):
    """Embeds every role with its entity type's tower, and predicts with one head.

    Roles of one entity type share the tower's weights and one pass through it.

    Args:
      task: what the model predicts about a tuple.
      features: names of the features of each entity type that enter its tower.
      towers: the network of each entity type, {feature: decoded tensor} -> embedding [batch, d].
      objective: the training objective; None: it is not trained.
    """

    def __init__(
        self,
        task: Task,
        features: Mapping[str, tuple[str, ...]],
        towers: Mapping[str, keras.Model],
        objective: Objective | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.task = task
        self.relation = task.relation
        self.features = dict(features)
        self.towers = dict(towers)
        self.head = (objective or task).build()
        self.objective = objective
        self.first_numbers = tf.Variable(tf.zeros(REPORTED_TUPLES, tf.int64), trainable=False)
        """Numbers of the first tuples of the latest batch of Keras's own step, int64; -1 = none."""

    def embed_roles(
        self, inputs: Mapping[str, Tensor], roles: tuple[str, ...], training: bool = False
    ) -> dict[str, Tensor]:
        """Embeddings of some roles.

        Args:
          inputs: decoded features under `<role>_<feature>`, each [batch, ...].
          roles: the roles to embed.
          training: as in Keras.

        Returns:
          {role: [batch, d]}.
        """
        embeddings: dict[str, Tensor] = {}
        for entity, tower in self.towers.items():
            mine = [role for role in self.relation.roles_of(entity) if role in roles]
            if not mine:
                continue
            joined = {
                feature: ops.concatenate([inputs[prefixed(role, feature)] for role in mine])
                for feature in self.features[entity]
            }
            parts = ops.split(tower(joined, training=training), len(mine))
            embeddings.update(zip(mine, parts, strict=True))
        return embeddings

    def call(self, inputs: Mapping[str, Tensor], training: bool = False) -> Tensor:
        """The head's outputs [batch, C] of the task, or those of the objective if there is one."""
        embeddings = self.embed_roles(inputs, self.task.roles(), training)
        return (self.objective or self.task).outputs(self.head, embeddings)

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """The loss of the batch and the penalties of layers; in training, times the batch's weight.

        Args:
          x: features and other inputs by name, each [batch, ...]. The weight is
            `MICRO_BATCH_WEIGHT`, float32 [batch]; 1 where it is missing.
          y: targets, float32 [batch, C].
          y_pred: the outputs of `call`.
          sample_weight: float32 [batch]; None: each tuple weighs 1.
          training: as in Keras.

        Returns:
          A scalar, float32 or float64.
        """
        assert self.objective is not None
        loss = self.objective(x, y, y_pred, sample_weight)
        loss = sum((ops.sum(extra) for extra in self.losses), loss)
        return loss * x[MICRO_BATCH_WEIGHT][0] if training and MICRO_BATCH_WEIGHT in x else loss

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """Keep the first numbers of the batch in `first_numbers`, then take Keras's own step.

        Args:
          data: (inputs by name, targets float32 [batch, C]), and where tuples have a weight
            float32 [batch]. The inputs may hold `NUMBER`, int64 [batch].

        Returns:
          {metric: scalar}, as in Keras.
        """
        if NUMBER in data[0]:
            first = data[0][NUMBER][:REPORTED_TUPLES]
            self.first_numbers.assign(
                tf.pad(first, [[0, REPORTED_TUPLES - tf.shape(first)[0]]], constant_values=-1)
            )
        return super().train_step(data)
