"""Recipes of `bench/recipes/`, run as `make run` runs them, on data of a benchmark.

The seed is the training's (weights, order, dropout). The rows of the split `eval` choose the epoch
that is kept, unless the recipe keeps the last; those that are measured afterwards are in no file
that the run reads.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import yaml
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.orchestration import metadata

from demo_data.rows import RowValues, example
from pipeline import local_runner
from pipeline.paths import RunPaths
from pipeline.settings import REFUSED
from pipeline.ui.node_runs import node_run
from relation.load import PROJECT, load_recipe
from trainer_module.build_request import training_request
from trainer_module.request import KEY
from trainer_module.run_fn import run_fn

RECIPES = PROJECT / "bench" / "recipes"
SEEDS = (1, 2, 3)
BATCH = 256

Array = npt.NDArray[np.float64]


class Trained:
    """A model that a run has trained, on raw rows."""

    def __init__(self, folder: Path):
        self._signatures = tf.saved_model.load(str(folder)).signatures

    def score(self, tuples: Sequence[RowValues]) -> Array:
        """Answers of `score` about raw tuples: [tuples] or [tuples, C]."""
        return self._called("score", "score", tuples)

    def embed(self, entity: str, rows: Sequence[RowValues]) -> Array:
        """Embeddings of raw entities, [rows, d]."""
        return self._called(f"embed_{entity}", "embedding", rows)

    def _called(self, signature: str, key: str, rows: Sequence[RowValues]) -> Array:
        serialized = [example(row).SerializeToString() for row in rows]
        parts = [
            self._signatures[signature](examples=tf.constant(serialized[i : i + BATCH]))[key]
            for i in range(0, len(serialized), BATCH)
        ]
        return np.concatenate(parts).astype(np.float64)


class Transformed(NamedTuple):
    """What a run of a recipe has prepared for training: folders of Transform's outputs."""

    graph: str
    examples: str

    @classmethod
    def of(cls, name: str, paths: RunPaths) -> "Transformed":
        """Of the last run of a recipe."""
        connection = metadata.sqlite_metadata_connection_config(str(paths.metadata))
        outputs = node_run(connection, name, "Transform")
        names = ("transform_graph", "transformed_examples")
        return cls(*(outputs.output(key).uri for key in names))

    def files(self, split: str) -> list[str]:
        """Of transformed tuples."""
        return sorted(map(str, (Path(self.examples) / f"Split-{split}").iterdir()))

    def train(self, request: str, folder: Path) -> Path:
        """Calls `run_fn` with a TrainingRequest as JSON; returns where the SavedModel is."""
        model = folder / "model"
        arguments = FnArgs(
            train_files=self.files("train"),
            eval_files=self.files("eval"),
            transform_output=self.graph,
            serving_model_dir=str(model),
            model_run_dir=str(folder / "logs"),
            custom_config={KEY: request},
        )
        logging.getLogger("absl").setLevel(logging.WARNING)
        run_fn(arguments)
        return model


def run_recipe(recipe: Path, runs: Path) -> None:
    """Runs the pipeline of a recipe, in this process; a refused model is no failure."""
    environment = {"RELATA_RECIPE": str(recipe), "RELATA_RUNS": str(runs)}
    with mock.patch.dict(os.environ, environment):
        status = local_runner.main()
    if status not in (0, REFUSED):
        raise RuntimeError(f"{recipe.stem}: exit status {status}")


def trained(name: str, write: Callable[[Path], None]) -> Iterator[Trained]:
    """The models of a recipe, one a seed of `SEEDS`.

    The pipeline runs for the first seed; the trainer alone, on what Transform gave, for the others.

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
        path, paths = folder / f"{name}.yaml", RunPaths(folder / "runs" / name)
        for seed in SEEDS:
            recipe["training"]["seed"] = seed
            path.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
            if seed == SEEDS[0]:
                run_recipe(path, paths.root.parent)
                connection = metadata.sqlite_metadata_connection_config(str(paths.metadata))
                run = Path(node_run(connection, name, "Trainer").output("model").uri)
                model = run / "Format-Serving"
            else:
                request = training_request(load_recipe(str(path))).model_dump_json()
                model = Transformed.of(name, paths).train(request, folder / f"seed-{seed}")
            yield Trained(model)
            keras.utils.clear_session()
