"""Retrieval of held-out digits by each recipe's embeddings, beside raw pixels, over five seeds.

A seed is both the relation's (which tuples) and the training's (weights, order). The split is a
hash of the ids, hence the same each time.
"""

import io
import os
import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import yaml
from PIL import Image
from scipy.spatial.distance import cdist
from tfx.orchestration import metadata

from bench.results import Result
from pipeline import local_runner
from pipeline.paths import RunPaths
from pipeline.settings import REFUSED
from pipeline.ui.node_runs import node_run
from relation.load import RECIPES
from relation.retrieval.distances import Similarity
from relation.retrieval.measures import measure
from relation.retrieval.points import Keys, Points

RECIPE_NAMES = ("digits_triplets", "digits_pairs", "digits_siamese")
SEEDS = (1, 2, 3, 4, 5)
MAP_GAIN, PRECISION_LOSS = 0.15, 0.005
"""MAP@R must exceed that of the pixels by this, P@1 may fall below theirs by this."""

Array = npt.NDArray[np.float64]


class Rows(NamedTuple):
    """The rows of one split."""

    serialized: list[bytes]
    pixels: Array
    labels: npt.NDArray[np.int64]


class Retrieval(NamedTuple):
    """Both measures in both protocols."""

    p_at_1_eval_train: float
    map_at_r_eval_train: float
    p_at_1_eval_eval: float
    map_at_r_eval_eval: float


def run() -> list[Result]:
    results: list[Result] = []
    for name in RECIPE_NAMES:
        with tempfile.TemporaryDirectory(prefix="bench-") as runs:
            results += _results(name, *_measure_recipe(name, Path(runs)))
    return results


def _results(name: str, ours: list[Retrieval], pixels: Retrieval) -> list[Result]:
    results = []
    for field in Retrieval._fields:
        values, peer = [getattr(measured, field) for measured in ours], getattr(pixels, field)
        goal = peer + MAP_GAIN if field.startswith("map") else peer - PRECISION_LOSS
        print(
            f"{name} {field}: {' '.join(f'{v:.4f}' for v in values)}  "
            f"mean {statistics.mean(values):.4f}  standard deviation "
            f"{statistics.stdev(values):.4f}  pixels {peer:.4f}",
            flush=True,
        )
        results.append(
            Result.of(
                f"{name}_{field}",
                "share",
                "higher",
                values,
                {"raw pixels": [peer]},
                goal / peer,
                statistics.mean,
            )
        )
    return results


def _measure_recipe(name: str, runs: Path) -> tuple[list[Retrieval], Retrieval]:
    paths = RunPaths(runs / name)
    ours = []
    for seed in SEEDS:
        recipe = yaml.safe_load((RECIPES / f"{name}.yaml").read_text(encoding="utf-8"))
        recipe["relation"]["seed"] = recipe["training"]["seed"] = seed
        path = runs / "recipe.yaml"
        path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
        environment = {"RELATA_RECIPE": str(path), "RELATA_RUNS": str(runs)}
        with mock.patch.dict(os.environ, environment):
            status = local_runner.main()
        # The last seed's model is the baseline of this one, and may be better: that is no failure.
        if status not in (0, REFUSED):
            raise RuntimeError(f"{name}, seed {seed}: exit status {status}")
        train, held_out = _rows(name, paths, "train"), _rows(name, paths, "eval")
        model = _output(name, paths, "Trainer", "model") / "Format-Serving"
        embed = tf.saved_model.load(str(model)).signatures["embed_item"]
        train_embeddings, eval_embeddings = (
            embed(examples=tf.constant(rows.serialized))["embedding"].numpy().astype(np.float64)
            for rows in (train, held_out)
        )
        ours.append(_measure(eval_embeddings, held_out, train_embeddings, train))
        keras.utils.clear_session()
    return ours, _measure(held_out.pixels, held_out, train.pixels, train)


def _output(name: str, paths: RunPaths, node: str, key: str) -> Path:
    connection = metadata.sqlite_metadata_connection_config(str(paths.metadata))
    return Path(node_run(connection, name, node).output(key).uri)


def _rows(name: str, paths: RunPaths, split: str) -> Rows:
    folder = _output(name, paths, "EntityGen", "examples") / f"Split-{split}"
    files = sorted(map(str, folder.iterdir()))
    serialized = list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())
    features = [tf.train.Example.FromString(row).features.feature for row in serialized]
    images = [Image.open(io.BytesIO(f["image"].bytes_list.value[0])) for f in features]
    labels = np.array([f["label"].int64_list.value[0] for f in features])
    pixels = np.array([np.asarray(image, np.float64).ravel() for image in images])
    return Rows(serialized, pixels, labels)


def _measure(
    queries: Array, query_rows: Rows, references: Array, reference_rows: Rows
) -> Retrieval:
    """Eval against train, then eval against eval."""
    measured: list[float] = []
    for others, other_labels, same in (
        (references, reference_rows.labels, False),
        (queries, query_rows.labels, True),
    ):
        found = measure(
            _points(queries, query_rows.labels),
            _points(others, other_labels, first=0 if same else len(queries)),
            Similarity.EUCLIDEAN,
            same=same,
        )
        pair = tuple(float(np.nanmean(found[name])) for name in ("precision_at_1", "map_at_r"))
        check = _independent(queries, query_rows.labels, others, other_labels, same)
        if not np.allclose(pair, check, rtol=0, atol=1e-9):
            raise AssertionError(f"measure() says {pair}, an independent calculation {check}")
        measured += pair
    return Retrieval(*measured)


def _points(vectors: Array, labels: npt.NDArray[np.int64], first: int = 0) -> Points:
    ids = np.arange(first, first + len(labels), dtype=np.uint64)
    return Points(ids, Keys.single(labels.astype(np.uint64)), vectors)


def _independent(
    queries: Array,
    query_labels: npt.NDArray[np.int64],
    references: Array,
    reference_labels: npt.NDArray[np.int64],
    same_set: bool,
) -> tuple[float, float]:
    """P@1 and MAP@R by the definition, one query at a time, with SciPy's distances."""
    firsts, averages = [], []
    for place, distances in enumerate(cdist(queries, references, "sqeuclidean")):
        order = np.argsort(distances, kind="stable")
        if same_set:
            order = order[order != place]
        relevant = reference_labels[order] == query_labels[place]
        total = int(relevant.sum())
        hits = [rank for rank in range(total) if relevant[rank]]
        firsts.append(float(relevant[0]))
        averages.append(sum((i + 1) / (rank + 1) for i, rank in enumerate(hits)) / total)
    return statistics.mean(firsts), statistics.mean(averages)
