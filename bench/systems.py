"""Recipes of `bench/recipes/`, run as `make run` runs them, once a seed, on data of a benchmark.

The seed is the training's (weights, order, dropout). The rows of the split `eval` choose the epoch
that is kept; those that are measured afterwards are in no file that the run reads.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest import mock

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import yaml
from tfx.orchestration import metadata

from datasets.rows import Row, example
from pipeline import local_runner
from pipeline.history import last_run
from pipeline.paths import RunPaths
from pipeline.settings import REFUSED
from relation.load import PROJECT

RECIPES = PROJECT / "bench" / "recipes"
SEEDS = (1, 2, 3)
BATCH = 256

Array = npt.NDArray[np.float64]


class Trained:
    """A model that a run has trained, on raw rows."""

    def __init__(self, folder: Path):
        self._signatures = tf.saved_model.load(str(folder)).signatures

    def score(self, tuples: Sequence[Row]) -> Array:
        """Answers of `score` about raw tuples: [tuples] or [tuples, C]."""
        return self._called("score", "score", tuples)

    def embed(self, entity: str, rows: Sequence[Row]) -> Array:
        """Embeddings of raw entities, [rows, d]."""
        return self._called(f"embed_{entity}", "embedding", rows)

    def _called(self, signature: str, key: str, rows: Sequence[Row]) -> Array:
        serialized = [example(row).SerializeToString() for row in rows]
        parts = [
            self._signatures[signature](examples=tf.constant(serialized[i : i + BATCH]))[key]
            for i in range(0, len(serialized), BATCH)
        ]
        return np.concatenate(parts).astype(np.float64)


def trained(name: str, write: Callable[[Path], None]) -> Iterator[Trained]:
    """The models of a recipe, one a seed of `SEEDS`.

    Args:
      name: of a recipe of `RECIPES`.
      write: writes the rows into the recipe's folder, where its paths start.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(scratch)
        for schema in RECIPES.glob("*.pbtxt"):
            shutil.copy(schema, folder)
        write(folder)
        recipe = yaml.safe_load((RECIPES / f"{name}.yaml").read_text(encoding="utf-8"))
        paths = RunPaths(folder / "runs" / name)
        for seed in SEEDS:
            recipe["training"]["seed"] = seed
            path = folder / f"{name}.yaml"
            path.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
            environment = {"RELATA_RECIPE": str(path), "RELATA_RUNS": str(paths.root.parent)}
            with mock.patch.dict(os.environ, environment):
                status = local_runner.main()
            if status not in (0, REFUSED):
                raise RuntimeError(f"{name}, seed {seed}: exit status {status}")
            connection = metadata.sqlite_metadata_connection_config(str(paths.metadata))
            model = last_run(connection, name, "Trainer").output("model").uri
            yield Trained(Path(model) / "Format-Serving")
            keras.utils.clear_session()
