"""A training run, from transformed tuples to a model: what Trainer and Tuner share."""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from relation.names import ID, prefixed
from relation.retrieval.distances import Similarity
from relation.schema import FeatureKind
from relation.spec import Role
from trainer_module.data.batch_keys import as_text
from trainer_module.data.decode_roles import decode_roles, without_padding
from trainer_module.data.inputs import (
    ONE_BATCH,
    MicroBatches,
    count_tuples,
    named_tuples,
    tuple_dataset,
)
from trainer_module.data.passes import Passes
from trainer_module.metrics.collected import form_of
from trainer_module.model.relational_model import RelationalModel
from trainer_module.model.warm_start import start_from
from trainer_module.objectives.make_objective import make_objective
from trainer_module.preprocessing.transform import vocabularies
from trainer_module.registry import HEADS, TOWERS, task_of
from trainer_module.request import TrainingRequest
from trainer_module.tasks.base import Task
from trainer_module.towers.base import Tower
from trainer_module.training.callbacks.projector import Points
from trainer_module.training.custom_loop import strategy_of
from trainer_module.training.epoch_metric import epoch_metric
from trainer_module.training.epoch_values import NeighbourValue, TupleValue, ValidationFiles
from trainer_module.training.fitting import Chooser, Tuples, fit
from trainer_module.training.history import History

progress = logging.getLogger("relata.progress")
POINTS = 1024
"""Number of validation tuples in TensorBoard's projector, the first in their files."""


class Files(NamedTuple):
    """Transform's output: the folder of its graph, and patterns of its examples."""

    transform: str
    train: Sequence[str]
    validation: Sequence[str]


class TrainingRun:
    """Assembles and fits one model of a request.

    Everything is seeded from `training.seed`, so the same request gives the same weights.
    """

    def __init__(self, request: TrainingRequest, files: Files):
        # Enough for equal weights on equal CPUs (tested). `enable_op_determinism` would add nothing
        # there, but keep the input pipeline from running ahead: half as long again an epoch.
        keras.utils.set_random_seed(request.training.seed)
        self._request = request
        self._train, self._validation = _expand(files.train), _expand(files.validation)
        self.transform = tft.TFTransformOutput(files.transform)
        self._spec = self.transform.transformed_feature_spec()
        prepared, model = request.preprocessing, request.model
        self.features = prepared.features
        self.names = {n: tuple(f.name for f in fs) for n, fs in self.features.items()}
        self.towers: dict[str, Tower] = {
            name: TOWERS.resolve(model.tower_of(name)) for name in prepared.relation.entities
        }
        memory = request.training.memory_mb
        self._decoders = {
            entity: without_padding(tower.decoder(memory), self.features[entity])
            for entity, tower in self.towers.items()
        }
        head = HEADS.resolve(model.head)
        self.task: Task = task_of(head, prepared.relation, len(prepared.compiled.label.domain))
        self._objective = make_objective(request, self.task, self._train, self.transform)

    def build(self) -> RelationalModel:
        """The model, with fresh weights; its networks compute in the precision of the request."""
        policy = keras.config.dtype_policy()
        if self._request.training.mixed_precision:
            keras.config.set_dtype_policy("mixed_float16")
        try:
            learnt = vocabularies(self.transform, self.features)
            networks = {
                name: tower.build(self.features[name], learnt[name])
                for name, tower in self.towers.items()
            }
            return RelationalModel(self.task, self.names, networks, self._objective)
        finally:
            keras.config.set_dtype_policy(policy)

    def fit(self, log_dir: str, base_model: str | None = None) -> tuple[RelationalModel, History]:
        """Trains a model, and returns it with the kept epoch's weights; it belongs to no strategy.

        Args:
          log_dir: for TensorBoard.
          base_model: folder of a SavedModel whose weights it starts from.

        Raises:
          DataError: a loss is not finite, or there are too few tuples.
        """
        training = self._request.training
        strategy = strategy_of(training)
        with strategy.scope():
            model = self.build()
            validation = self._dataset(self._validation, None, ONE_BATCH)
            batches = -(-count_tuples(self._validation) // training.batch_size)
            tuples = Tuples(
                lambda micro_batches: self._dataset(self._train, training.seed, micro_batches),
                Passes(validation, batches),
                count_tuples(self._train),
                self._named,
            )
            _called(model, validation)
            if base_model is not None:
                progress.info(start_from(base_model, model, self._vocabulary_files()))
            history = fit(model, tuples, training, log_dir, self._chooser())
        if training.strategy == "none":
            return model, history
        alone = _called(self.build(), validation)
        alone.set_weights(model.get_weights())
        return alone, history

    def _chooser(self) -> Chooser | None:
        """What computes the metric that chooses the epoch, if one does."""
        request, prepared = self._request, self._request.preprocessing
        metric = epoch_metric(request.training, request.model, prepared.compiled)
        if metric is None:
            return None
        files = ValidationFiles(self._validation, self._spec)
        if metric.question is not None:
            assert prepared.measured is not None
            similarity = Similarity(HEADS.resolve(request.model.head).similarity)
            return Chooser(
                metric,
                NeighbourValue(metric, similarity, prepared.compiled, files, prepared.measured),
            )
        relation = prepared.relation
        image = self.towers[relation.roles[0].entity].image
        form = form_of(relation)._replace(image=image)
        ids = {name: name in request.integer_ids for name in map(_id_of, relation.roles)}
        return Chooser(metric, TupleValue(metric, form, files, ids, prepared.compiled.weighted))

    def training_batches(self) -> tf.data.Dataset:
        """Whole steps of the training tuples, shuffled, epoch after epoch without end."""
        return self._dataset(self._train, self._request.training.seed, ONE_BATCH)

    def points(self, model: RelationalModel) -> dict[str, Points]:
        """Embeddings of validation tuples for the projector, by entity type, in its first role.

        Types whose towers return images are left out.
        """
        relation = self._request.preprocessing.relation
        dataset = tf.data.TFRecordDataset(sorted(self._validation), compression_type="GZIP")
        rows = next(iter(dataset.batch(POINTS)))
        features = tf.io.parse_example(rows, dict(self._spec))
        read = model.task.roles()
        roles = {
            entity: mine[0]
            for entity in relation.entities
            if (mine := [role for role in relation.roles_of(entity) if role in read])
        }
        points = {}
        for entity, role in roles.items():
            decoded = decode_roles(relation, self._decoders, self.names, features, (role,))
            embeddings = np.asarray(model.embed_roles(decoded, (role,))[role])
            images = [f.name for f in self.features[entity] if f.kind is FeatureKind.IMAGE]
            pixels = np.asarray(decoded[prefixed(role, images[0])]) if images else None
            if embeddings.ndim == 2:
                points[entity] = Points(embeddings, self._columns(features, role), pixels)
        return points

    def _columns(self, features: Mapping[str, tf.Tensor], role: str) -> dict[str, list[str]]:
        """Texts of the shown features of a role's entities, by feature."""
        return {
            name.removeprefix(prefixed(role, "")): [
                text.decode("utf-8", "replace") for text in features[as_text(name)].numpy()[:, 0]
            ]
            for name in self._request.preprocessing.shown
            if name.startswith(prefixed(role, ""))
        }

    def _vocabulary_files(self) -> dict[str, str]:
        return {
            vocabulary.name: self.transform.vocabulary_file_by_name(vocabulary.name)
            for learnt in vocabularies(self.transform, self.features).values()
            for vocabulary in learnt.values()
        }

    def _dataset(
        self, files: Sequence[str], seed: int | None, micro_batches: MicroBatches
    ) -> tf.data.Dataset:
        training, reads = self._request.training, self._objective.reads
        size = training.batch_size * (training.accumulate if seed is not None else 1)
        return tuple_dataset(
            files,
            self._spec,
            self.task,
            self._decoders,
            self.names,
            size,
            seed,
            reads,
            micro_batches,
        )

    def _named(self, numbers: Sequence[int]) -> list[str]:
        """Names tuples of the training files by the ids of their members."""
        ids = [name for name in self._request.preprocessing.shown if name.endswith("_id")]
        return named_tuples(self._train, self._spec, ids, numbers)


def _id_of(role: Role) -> str:
    return prefixed(role.name, ID)


def _called(model: RelationalModel, batches: tf.data.Dataset) -> RelationalModel:
    """Call a model once, which builds it, and return it."""
    inputs, *_ = next(iter(batches))
    model(inputs)
    return model


def _expand(patterns: Sequence[str]) -> list[str]:
    return [path for pattern in patterns for path in tf.io.gfile.glob(pattern)]
