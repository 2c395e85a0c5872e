"""What the exported model says: its signatures on raw examples, in batches."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

_BATCH = 256
Floats = npt.NDArray[np.float64]


class Served:
    """A SavedModel by its signatures."""

    def __init__(self, folder: str):
        self._model = tf.saved_model.load(folder)  # Held: the signatures live as long as it does.
        self._signatures = self._model.signatures

    def scores(self, tuples: Sequence[bytes]) -> Floats:
        """[n, C] of serialized raw tuples; what the columns are, the head decides."""
        return self._answer("evaluate", "scores", tuples)

    def embeddings(self, entity: str, rows: Sequence[bytes]) -> Floats | None:
        """[n, d] of serialized raw entities; None: the model embeds no such type."""
        name = f"embed_{entity}"
        return self._answer(name, "embedding", rows) if name in self._signatures else None

    @property
    def picture(self) -> tuple[int, ...] | None:
        """[height, width, channels] of the image that it answers; None: it answers none."""
        shape = self._signatures["score"].structured_outputs["score"].shape
        return tuple(shape[1:]) if len(shape) == 4 else None

    def _answer(self, signature: str, output: str, examples: Sequence[bytes]) -> Floats:
        function = self._signatures[signature]
        parts = [
            function(examples=tf.constant(examples[start : start + _BATCH]))[output].numpy()
            for start in range(0, len(examples), _BATCH)
        ]
        return np.concatenate(parts).astype(np.float64)
