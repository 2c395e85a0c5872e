"""Run the signatures of an exported model on raw examples, in batches."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

_BATCH = 256
Floats = npt.NDArray[np.float64]


class ServedModel:
    """A SavedModel, called by its signatures."""

    def __init__(self, folder: str):
        self._model = tf.saved_model.load(folder)  # Signatures need it alive.
        self._signatures = self._model.signatures

    def scores(self, tuples: Sequence[bytes]) -> Floats:
        """Score serialized raw tuples: float64 [n, C], with the columns of the head."""
        return self._run("evaluate", "scores", tuples)

    def embeddings(self, entity: str, rows: Sequence[bytes]) -> Floats | None:
        """Embed serialized raw entities: float64 [n, d]; None for a type without embeddings."""
        name = f"embed_{entity}"
        return self._run(name, "embedding", rows) if name in self._signatures else None

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """[height, width, channels] of the predicted image; None where none is predicted."""
        shape = self._signatures["score"].structured_outputs["score"].shape
        return tuple(shape[1:]) if len(shape) == 4 else None

    def _run(self, signature: str, output: str, examples: Sequence[bytes]) -> Floats:
        function = self._signatures[signature]
        parts = [
            function(examples=tf.constant(examples[start : start + _BATCH]))[output].numpy()
            for start in range(0, len(examples), _BATCH)
        ]
        return np.concatenate(parts).astype(np.float64)
