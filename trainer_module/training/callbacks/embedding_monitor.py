"""Measures embeddings of a sample of validation tuples after each epoch, for TensorBoard."""

import os
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from relation.spec import LabelKind
from trainer_module.model.relational_model import RelationalModel
from trainer_module.training.callbacks.embedding_dispersion import (
    EmbeddingDispersion,
    collapse_warning,
    embedding_dispersion,
)

SAMPLE = 512
"""Number of validation tuples that are measured, the first in their files."""


class EmbeddingMonitor(keras.callbacks.Callback):
    """Writes the dispersion of embeddings, and histograms of relatedness, for TensorBoard.

    `dispersion`: by entity type, one for each epoch. `warnings`: of the latest epoch. Entity types
    whose towers give more than a vector (images, words) are left out.

    Args:
      validation: batches of tuples, in order, at least the first `SAMPLE`.
      log_dir: of TensorBoard; the summaries of this are under `validation`.
    """

    model: RelationalModel

    def __init__(self, validation: Iterable[Any], log_dir: str):
        super().__init__()
        self._validation = validation
        self._writer = tf.summary.create_file_writer(os.path.join(log_dir, "validation"))
        self._run: Any = None
        self.dispersion: dict[str, list[EmbeddingDispersion]] = {}
        self.warnings: list[str] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        embeddings, outputs, targets = self._sample()
        relation = self.model.relation
        self.warnings = []
        with self._writer.as_default(step=epoch):
            for entity in relation.entities:
                role = next((r for r in relation.roles_of(entity) if r in embeddings), None)
                if role is not None and _can_be_measured(embeddings[role]):
                    self._measure(entity, embeddings[role])
            compared = self.model.task.compares
            if compared and relation.label in (LabelKind.NONE, LabelKind.BINARY):
                for name, chosen in (("related", targets > 0.5), ("unrelated", targets <= 0.5)):
                    tf.summary.histogram(f"relatedness/{name}", outputs[chosen])
        self._writer.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._writer.close()

    def _measure(self, entity: str, embeddings: npt.NDArray[Any]) -> None:
        dispersion = embedding_dispersion(embeddings)
        self.dispersion.setdefault(entity, []).append(dispersion)
        for name, value in dispersion._asdict().items():
            tf.summary.scalar(f"{name}/{entity}", value)
        if (warning := collapse_warning(dispersion, embeddings.shape[1])) is not None:
            self.warnings.append(f"{entity}: {warning}")

    def _sample(self) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[Any], npt.NDArray[Any]]:
        """Embeddings by role [n, d], the outputs [n, C], and their targets [n, C]."""
        model = self.model
        if self._run is None:
            self._run = tf.function(
                lambda inputs: _outputs(model, inputs), reduce_retracing=True, autograph=False
            )
        batches = []
        count = 0
        for inputs, targets, *_ in self._validation:
            batches.append((*self._run(inputs), targets))
            count += len(targets)
            if count >= SAMPLE:
                break
        embeddings, outputs, targets = tf.nest.map_structure(
            lambda *arrays: np.concatenate(arrays)[:SAMPLE], *batches
        )
        return embeddings, outputs, targets


def _outputs(model: RelationalModel, inputs: Any) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    embeddings = model.embed_roles(inputs, model.task.roles())
    vectors = {role: tensor for role, tensor in embeddings.items() if tensor.shape.rank == 2}
    return vectors, model.task.outputs(model.head, embeddings)


def _can_be_measured(embeddings: npt.NDArray[Any]) -> bool:
    return len(embeddings) >= 2 and bool(np.isfinite(embeddings).all())
