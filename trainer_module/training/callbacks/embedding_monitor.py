"""What is seen of a model after each epoch, on a sample of validation tuples."""

import os
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from relation.spec import LabelKind
from trainer_module.model.relational_model import RelationalModel
from trainer_module.training.callbacks.embedding_dispersion import Spread, spread_of, warning_of

SAMPLE = 512
"""Validation tuples that are looked at, the first of their files."""


class Observer(keras.callbacks.Callback):
    """Measures how far embeddings are spread, and how related tuples are, into TensorBoard.

    `spread`: by entity type, one an epoch. `warnings`: of the latest epoch. Entity types whose
    towers answer with more than a vector (images, words) are left out.

    Args:
      validation: batches of tuples, in order.
      log_dir: of TensorBoard; the summaries of this are under `validation`.
    """

    model: RelationalModel

    def __init__(self, validation: tf.data.Dataset, log_dir: str):
        super().__init__()
        self._validation = validation
        self._writer = tf.summary.create_file_writer(os.path.join(log_dir, "validation"))
        self._look: Any = None
        self.spread: dict[str, list[Spread]] = {}
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
        spread = spread_of(embeddings)
        self.spread.setdefault(entity, []).append(spread)
        for name, value in spread._asdict().items():
            tf.summary.scalar(f"{name}/{entity}", value)
        if (warning := warning_of(spread, embeddings.shape[1])) is not None:
            self.warnings.append(f"{entity}: {warning}")

    def _sample(self) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[Any], npt.NDArray[Any]]:
        """Embeddings by role [n, d], the answers [n, C], and what they should be [n, C]."""
        model = self.model
        if self._look is None:
            self._look = tf.function(lambda inputs: _look(model, inputs), reduce_retracing=True)
        parts = []
        seen = 0
        for inputs, targets, *_ in self._validation:
            parts.append((*self._look(inputs), targets))
            seen += len(targets)
            if seen >= SAMPLE:
                break
        embeddings, outputs, targets = tf.nest.map_structure(
            lambda *arrays: np.concatenate(arrays)[:SAMPLE], *parts
        )
        return embeddings, outputs, targets


def _look(model: RelationalModel, inputs: Any) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    embeddings = model.embed_roles(inputs, model.task.roles())
    vectors = {role: found for role, found in embeddings.items() if found.shape.rank == 2}
    return vectors, model.task.outputs(model.head, embeddings)


def _can_be_measured(embeddings: npt.NDArray[Any]) -> bool:
    return len(embeddings) >= 2 and bool(np.isfinite(embeddings).all())
