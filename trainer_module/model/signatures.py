"""The signatures of the exported model, all on batches of serialized *raw* tf.Examples.

| signature | examples | answer |
|---|---|---|
| `embed_<entity type>` | raw entities | `embedding` float32 [batch, d] |
| `serving_default` = `score` | raw tuples (prefixed) | `score` [batch], [batch, C], or images |
| `score_labels` | raw entities that labels fit or not | a number for each label, see below |
| `evaluate` | raw tuples | `scores` float32 [batch, C] |
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import tensorflow as tf
import tensorflow_transform as tft

from relation.names import prefixed
from relation.schema import Feature
from trainer_module.data.decode_roles import decode_roles
from trainer_module.heads.base import SimilarityHead
from trainer_module.model.relational_model import RelationalModel
from trainer_module.model.warm_start import named_weights
from trainer_module.towers.base import Tower

EVALUATE = "evaluate"
_DTYPES = {"bytes": tf.string, "int": tf.int64, "float": tf.float32}


class ServingModule(tf.Module):
    """Holds the model beside the Transform graph, which Keras 3 cannot take into a model.

    `labels`: the ids of all entities of the right role, where they are the domain of labels.
    """

    def __init__(
        self,
        model: RelationalModel,
        transform: tft.TFTransformOutput,
        features: Mapping[str, Sequence[Feature]],
        towers: Mapping[str, Tower],
        labels: Sequence[str] = (),
    ):
        super().__init__()
        self.model = model
        # Keras does not show TensorFlow the states of its random layers, which the graph captures.
        self.model_variables = [variable.value for variable in model.variables]
        self.named_weights = {name: weight.value for name, weight in named_weights(model).items()}
        self.transform_layer = transform.transform_features_layer()
        self._relation = model.relation
        self._features = {entity: tuple(those) for entity, those in features.items()}
        self._towers = dict(towers)
        self._decoders = {entity: tower.decode for entity, tower in towers.items()}
        self._labels = tuple(labels)

    def _embed(self, raw: Mapping[str, Any], roles: tuple[str, ...]) -> dict[str, tf.Tensor]:
        transformed = self.transform_layer(raw)
        names = self.model.features
        decoded = decode_roles(self._relation, self._decoders, names, transformed, roles)
        return self.model.embed_roles(decoded, roles)

    def embed(self, entity: str, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Embed raw entities, as the first role of their type; see `Tower.vector`.

        Args:
          entity: the entity type.
          examples: serialized raw tf.Examples, string [batch].

        Returns:
          {"embedding": float32 [batch, d]}.
        """
        role = self._relation.roles_of(entity)[0]
        spec = {f.name: tf.io.VarLenFeature(_DTYPES[f.dtype]) for f in self._features[entity]}
        parsed = tf.io.parse_example(examples, spec)
        raw = {prefixed(role, name): value for name, value in parsed.items()}
        return {"embedding": self._towers[entity].vector(self._embed(raw, (role,))[role])}

    def scores(self, examples: tf.Tensor, columns: Sequence[int] | None) -> tf.Tensor:
        """Predictions for raw tuples: float32 [batch, columns]; None: all columns."""
        task = self.model.task
        roles = task.roles(columns)
        spec = {
            prefixed(role, f.name): tf.io.VarLenFeature(_DTYPES[f.dtype])
            for role in roles
            for f in self._features[self._relation.entity_of(role)]
        }
        embeddings = self._embed(tf.io.parse_example(examples, spec), roles)
        return task.predictions(task.outputs(self.model.head, embeddings, columns))

    def score_labels(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores how well each label fits raw entities of the left role.

        Returns:
          `label` string [labels]; `score` [batch, labels], as of one label at a time; of a head of
          logits also `probability` [batch, labels], which sum to 1: of each label to be the one
          that fits, given that exactly one does and that labels are independent.
        """
        left, right = self._relation.scored.left, self._relation.scored.right
        rows = self.embed(self._relation.entity_of(left), examples)["embedding"]
        (key,) = self._features[self._relation.entity_of(right)]
        ids = tf.constant(self._labels)
        values = ids if key.dtype == "bytes" else tf.strings.to_number(ids, _DTYPES[key.dtype])
        positions = [[position, 0] for position in range(len(self._labels))]
        raw = tf.SparseTensor(positions, values, [len(self._labels), 1])
        columns = self._embed({prefixed(right, key.name): raw}, (right,))[right]
        head = cast(SimilarityHead, self.model.task.head)
        related = head.matrix(self.model.head, rows, columns)
        scores = {"label": ids, "score": head.score(related)}
        return scores | ({"probability": tf.nn.softmax(related)} if head.is_logit else {})

    def signatures(self) -> dict[str, Callable[..., Any]]:
        """Every signature as a concrete function."""
        examples = tf.TensorSpec([None], tf.string, name="examples")

        def concrete(function: Callable[[tf.Tensor], Any]) -> Callable[..., Any]:
            return tf.function(function, input_signature=[examples]).get_concrete_function()

        def score(examples: tf.Tensor) -> dict[str, tf.Tensor]:
            columns = self.model.task.score_columns
            scores = self.scores(examples, columns)
            return {"score": scores if columns is None else scores[:, 0]}

        def evaluate(examples: tf.Tensor) -> dict[str, tf.Tensor]:
            scores = self.scores(examples, None)
            return {"scores": tf.reshape(scores, [tf.shape(scores)[0], -1])}

        result = {EVALUATE: concrete(evaluate), "score": concrete(score)}
        result["serving_default"] = result["score"]
        if self._labels:
            result["score_labels"] = concrete(self.score_labels)
        for entity in self._relation.entities:
            result[f"embed_{entity}"] = concrete(functools.partial(self.embed, entity))
        return result

    def save(self, folder: str) -> None:
        """Writes the SavedModel."""
        tf.saved_model.save(self, folder, signatures=self.signatures())
