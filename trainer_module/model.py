"""The relational model: one tower an entity type, a head that compares roles."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from relation.names import prefixed
from relation.spec import Relation
from trainer_module.numerics import Tensor
from trainer_module.parts import Loss


class RelationalModel(keras.Model):
    """Embeds every role with its entity type's tower, and compares roles with one head.

    Roles of one entity type share the tower's weights and one pass through it.

    Args:
      relation: roles and comparisons.
      features: names of the features of each entity type that enter its tower.
      towers: the network of each entity type, {feature: decoded tensor} -> embedding [batch, d].
      head: layer (left [batch, d], right [batch, d]) -> relatedness [batch].
    """

    def __init__(
        self,
        relation: Relation,
        features: Mapping[str, tuple[str, ...]],
        towers: Mapping[str, keras.Model],
        head: keras.layers.Layer,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.relation = relation
        self.features = dict(features)
        self.towers = dict(towers)
        self.head = head

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
        """Relatedness [batch, comparisons] of every comparison of the relation."""
        roles = tuple(role.name for role in self.relation.roles)
        embeddings = self.embed_roles(inputs, roles, training)
        columns = [
            self.head(embeddings[comparison.left], embeddings[comparison.right])
            for comparison in self.relation.comparisons
        ]
        return ops.stack(columns, axis=-1)


class TupleLoss(keras.losses.Loss):
    """A loss of tuples as Keras takes it: the mean over the batch."""

    def __init__(self, loss: Loss):
        super().__init__(name=type(loss).__name__, reduction="sum_over_batch_size")
        self._loss = loss

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """[batch, comparisons], [batch, comparisons] -> [batch]."""
        return self._loss(y_true, y_pred)
