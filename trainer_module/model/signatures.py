"""The signatures of the exported model, all on batches of serialized *raw* tf.Examples.

| signature | examples | answer |
|---|---|---|
| `embed_<entity type>` | raw entities | `embedding` float32 [batch, d] |
| `serving_default` = `score` | raw tuples (prefixed) | `score` [batch], [batch, C], or images |
| `score_labels` | raw entities that labels fit or not | a number for each label, see below |
| `evaluate` | raw tuples | `scores` float32 [batch, C] |

A row whose image is missing or cannot be read is answered with NaN, as far as bytes tell
(`relation.features.images.readable`); the other rows of the batch are answered as without it.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import tensorflow as tf

from relation.names import prefixed
from relation.schema import Feature, FeatureKind
from trainer_module.data.decode_roles import decode_roles, without_padding
from trainer_module.heads.base import SimilarityHead
from trainer_module.model.interface import EVALUATE
from trainer_module.model.relational_model import RelationalModel
from trainer_module.model.served_images import marked, without_faults
from trainer_module.model.transform_graph import TransformGraph
from trainer_module.model.warm_start import named_weights
from trainer_module.towers.base import Tower

_DTYPES = {"bytes": tf.string, "int": tf.int64, "float": tf.float32}


class ServingModule:
    """The model behind the Transform graph, on raw tf.Examples.

    Args:
      model: trained.
      transform: from raw features of tuples, as sparse tensors, to transformed ones.
      features, towers: by entity type.
      labels: the ids of all entities of the right role, where they are the domain of labels.
    """

    def __init__(
        self,
        model: RelationalModel,
        transform: TransformGraph,
        features: Mapping[str, Sequence[Feature]],
        towers: Mapping[str, Tower],
        labels: Sequence[str] = (),
    ):
        self.model = model
        self.transform = transform
        self._relation = model.relation
        self._features = {entity: tuple(those) for entity, those in features.items()}
        self._towers = dict(towers)
        self._decoders = {
            entity: without_padding(tower.decode, self._features[entity])
            for entity, tower in towers.items()
        }
        self._labels = tuple(labels)

    def _embed(
        self, raw: Mapping[str, Any], roles: tuple[str, ...]
    ) -> tuple[dict[str, tf.Tensor], tf.Tensor | None]:
        """Embeddings [batch, ...] by role, and the usable rows, see `without_faults`."""
        transformed, usable = without_faults(self.transform(raw), self._images(roles))
        names = self.model.features
        decoded = decode_roles(self._relation, self._decoders, names, transformed, roles)
        return self.model.embed_roles(decoded, roles), usable

    def _images(self, roles: tuple[str, ...]) -> dict[str, bool]:
        """The images of some roles, and whether a tuple may be without them."""
        may_lack = {
            role.name: self._relation.optional and role != self._relation.roles[0]
            for role in self._relation.roles
        }
        return {
            prefixed(role, feature.name): may_lack[role]
            for role in roles
            for feature in self._features[self._relation.entity_of(role)]
            if feature.kind is FeatureKind.IMAGE
        }

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
        embeddings, usable = self._embed(raw, (role,))
        return {"embedding": marked(self._towers[entity].vector(embeddings[role]), usable)}

    def scores(self, examples: tf.Tensor, columns: Sequence[int] | None) -> tf.Tensor:
        """Predictions for raw tuples: float32 [batch, columns]; None: all columns."""
        task = self.model.task
        roles = task.roles(columns)
        spec = {
            prefixed(role, f.name): tf.io.VarLenFeature(_DTYPES[f.dtype])
            for role in roles
            for f in self._features[self._relation.entity_of(role)]
        }
        embeddings, usable = self._embed(tf.io.parse_example(examples, spec), roles)
        outputs = task.outputs(self.model.head, embeddings, columns)
        return marked(task.predictions(outputs), usable)

    def score_labels(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores how well each label fits raw entities of the left role.

        Returns:
          `label` string [labels]; `score` [batch, labels], as of one label at a time; of a head of
          logits also `probability` [batch, labels], which sum to 1: of each label to be the one
          that fits, given that exactly one does and that labels are independent.
        """
        left, right = self._relation.scored.left, self._relation.scored.right
        rows = self.embed(self._relation.entity_of(left), examples)["embedding"]
        usable = tf.reduce_all(tf.math.is_finite(rows), axis=1)
        (key,) = self._features[self._relation.entity_of(right)]
        ids = tf.constant(self._labels)
        values = ids if key.dtype == "bytes" else tf.strings.to_number(ids, _DTYPES[key.dtype])
        positions = [[position, 0] for position in range(len(self._labels))]
        raw = tf.SparseTensor(positions, values, [len(self._labels), 1])
        columns = self._embed({prefixed(right, key.name): raw}, (right,))[0][right]
        head = cast(SimilarityHead, self.model.task.head)
        related = marked(head.matrix(self.model.head, rows, columns), usable)
        scores = {"label": ids, "score": head.score(related)}
        return scores | ({"probability": tf.nn.softmax(related)} if head.is_logit else {})

    def signatures(self) -> dict[str, Callable[..., Any]]:
        """Every signature as a concrete function."""
        spec = tf.TensorSpec([None], tf.string, name="examples")

        def concrete(
            function: Callable[[tf.Tensor], dict[str, tf.Tensor]], whole: Sequence[str] = ()
        ) -> Callable[..., Any]:
            """The signature of a function; `whole`: its outputs that are not by row."""

            def answered(examples: tf.Tensor) -> dict[str, tf.Tensor]:
                # Convolutions of no rows give wrong shapes: one empty row stands in.
                count = tf.size(examples)
                rows = tf.cond(count > 0, lambda: examples, lambda: tf.constant([""]))
                outputs = function(rows)
                return {n: v if n in whole else v[:count] for n, v in outputs.items()}

            # Nothing in it needs AutoGraph, which would rewrite all of TFT and Keras that it calls.
            traced = tf.function(answered, input_signature=[spec], autograph=False)
            return traced.get_concrete_function()

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
            result["score_labels"] = concrete(self.score_labels, whole=("label",))
        for entity in self._relation.entities:
            result[f"embed_{entity}"] = concrete(functools.partial(self.embed, entity))
        return result

    def save(self, folder: str) -> None:
        """Writes the SavedModel: signatures, and of the variables those that they need.

        It holds no Keras model, which would bring the state of the optimizer, and functions that
        nothing calls. `named_weights` are what a later model starts from.
        """
        signatures = self.signatures()  # A model that was not called yet gets its weights now.
        exported = tf.Module()
        exported.named_weights = {
            n: weight.value for n, weight in named_weights(self.model).items()
        }
        # Those of random layers, which a graph captures, are no weights.
        exported.variables_ = [variable.value for variable in self.model.variables]
        exported.transform = self.transform
        tf.saved_model.save(exported, folder, signatures=signatures)
