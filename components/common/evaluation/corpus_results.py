"""The files of the CorpusEvaluator: `corpus.json` and `sample.npz` (docs/evaluation.md)."""

import io
import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from components.common.evaluation.evaluation_results import jsonable

MODEL, BLESSED, BASELINE = "model", "blessed", "trivial"
"""Names of spaces: the candidate, the last blessed model, and the baseline without training."""
BASELINE_METRIC = "map_at_r"
"""The metric by which the best baseline is chosen, and on which the model must beat it."""
FILE = "corpus.json"
SAMPLE = "sample.npz"


def write(folder: str, results: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Writes both files.

    Args:
      folder: the artifact's folder.
      results: JSON values; numbers that are not finite become null.
      arrays: arrays of the sample by name; empty if there is no sample.
    """
    tf.io.gfile.makedirs(folder)
    if arrays:
        _write_arrays(os.path.join(folder, SAMPLE), arrays)
    with tf.io.gfile.GFile(os.path.join(folder, FILE), "w") as file:
        file.write(json.dumps(jsonable(results), indent=2, allow_nan=False) + "\n")


def _write_arrays(path: str, arrays: Mapping[str, Any]) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(buffer.getvalue())


def read(folder: str) -> dict[str, Any]:
    """Reads the content of `corpus.json`."""
    with tf.io.gfile.GFile(os.path.join(folder, FILE)) as file:
        results: dict[str, Any] = json.loads(file.read())
    return results


def read_arrays(folder: str) -> dict[str, np.ndarray[Any, Any]]:
    """Read the arrays of the sample by name; empty if there is no sample.

    Returns:
      Arrays of s queries, [s] or [s, ...], and of m references, [m] or [m, ...]; see
      docs/evaluation.md.
    """
    path = os.path.join(folder, SAMPLE)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path, "rb") as file, np.load(io.BytesIO(file.read())) as arrays:
        return dict(arrays)
