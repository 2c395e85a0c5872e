"""Run the signatures of an exported model on raw examples, in batches."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from relation.files.saved_model import Signatures

Floats = npt.NDArray[np.float64]


class ServedModel:
    """A SavedModel, called by its signatures."""

    def __init__(self, signatures: Signatures):
        self._signatures = signatures

    def scores(self, tuples: Sequence[bytes]) -> Floats:
        """Score serialized raw tuples: float64 [n, C], with the columns of the head."""
        return self._signatures.answer("evaluate", "scores", tuples).astype(np.float64)

    def embeddings(self, entity: str, rows: Sequence[bytes]) -> Floats | None:
        """Embed serialized raw entities: float64 [n, d]; None for a type without embeddings."""
        name = f"embed_{entity}"
        if name not in self._signatures:
            return None
        return self._signatures.answer(name, "embedding", rows).astype(np.float64)

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """[height, width, channels] of the predicted image; None where none is predicted."""
        _, *shape = self._signatures.shape("score", "score")
        return tuple(size or 0 for size in shape) if len(shape) == 3 else None
