"""SavedModels in folders of any name, their signatures, and their decision thresholds."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from relation.files.wildcards import wildcard
from relation.numeric.lazy import tf

BATCH = 256
"""Examples that a signature answers at a time."""
DECISION = os.path.join("assets.extra", "decision.json")
"""The file of decision thresholds, in a folder that TensorFlow Serving does not read."""

THRESHOLDS = {"accuracy": "threshold", "f1": "f1_threshold"}
"""By the metric that a decision threshold maximizes: the metric that holds the threshold."""


class Threshold(TypedDict):
    """A decision threshold: two examples are related from `score` on.

    `reached`: the metric that it maximizes, on tuples that did not choose it.
    """

    score: float
    reached: float


def load_model(folder: str) -> Any:
    """Load a SavedModel; a folder whose path holds a wildcard by a link.

    TensorFlow takes the path of the weights for a pattern, and then finds none.
    """
    if wildcard(folder) is None:
        return tf.saved_model.load(folder)
    with tempfile.TemporaryDirectory() as scratch:
        link = Path(scratch) / "model"
        link.symlink_to(Path(folder).absolute())
        return tf.saved_model.load(str(link))


class Signatures:
    """The signatures of a SavedModel, each called on batches of serialized tf.Examples."""

    def __init__(self, folder: str):
        self._model = load_model(folder)  # Signatures need it alive.

    def __contains__(self, name: str) -> bool:
        return name in self._model.signatures

    def names(self) -> list[str]:
        """Names of the signatures, sorted."""
        return sorted(self._model.signatures)

    def shape(self, name: str, output: str) -> tuple[int | None, ...]:
        """The shape of an output; None where a size is not known before, as that of the batch."""
        return tuple(self._model.signatures[name].structured_outputs[output].shape)

    def answer(self, name: str, output: str, examples: Sequence[bytes]) -> npt.NDArray[np.float32]:
        """Call a signature.

        Args:
          name: of the signature.
          output: of the signature.
          examples: n serialized tf.Examples.

        Returns:
          The output of each example, float32 [n, ...].
        """
        function = self._model.signatures[name]
        starts = range(0, max(len(examples), 1), BATCH)
        batches = (tf.constant(examples[start : start + BATCH], tf.string) for start in starts)
        return np.concatenate([function(examples=batch)[output].numpy() for batch in batches])


def write_decision(decision: Mapping[str, Threshold], model: str) -> None:
    """Write decision thresholds, by the metric that each maximizes, into a SavedModel's folder."""
    path = os.path.join(model, DECISION)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(decision, indent=2, allow_nan=False) + "\n")


def read_decision(model: str) -> dict[str, Threshold]:
    """Read the decision thresholds of a SavedModel; empty where it has none."""
    path = os.path.join(model, DECISION)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        decision: dict[str, Threshold] = json.loads(file.read())
    return decision
