"""Tries a pushed model on raw rows: shows a few with their nearest neighbours.

    python -m trainer_module.try_model MODEL ROWS [--queries N] [--neighbours K]

MODEL is a SavedModel (`runs/<recipe>/serving/<version>`), ROWS a glob of TFRecord files of raw
tf.Examples, as the pipeline reads them.
"""

import argparse
import glob
import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.neighbors import NearestNeighbors

ROWS_READ = 2_000
"""Largest number of rows to embed."""
SHORT = 40
"""Longest feature to show, in characters: keys and labels are shown, images are not."""


def main(arguments: list[str] | None = None) -> int:
    """Prints nearest neighbours; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m trainer_module.try_model",
        description="Nearest neighbours of a few rows, by a pushed model's embeddings.",
    )
    parser.add_argument("model", help="folder of a SavedModel")
    parser.add_argument("rows", help="glob of TFRecord files of raw tf.Examples")
    parser.add_argument("--queries", type=int, default=5, help="rows to show (%(default)s)")
    parser.add_argument("--neighbours", type=int, default=5, help="of each (%(default)s)")
    options = parser.parse_args(arguments)
    paths = sorted(glob.glob(options.rows))
    if not paths:
        print(f"{options.rows}: no file matches", file=sys.stderr)
        return 2
    if not tf.saved_model.contains_saved_model(options.model):
        print(f"{options.model}: not a SavedModel", file=sys.stderr)
        return 2
    compression = "GZIP" if paths[0].endswith(".gz") else ""
    rows = list(tf.data.TFRecordDataset(paths, compression).take(ROWS_READ).as_numpy_iterator())
    signatures = tf.saved_model.load(options.model).signatures
    name = next(name for name in sorted(signatures) if name.startswith("embed_"))
    embeddings = signatures[name](examples=tf.constant(rows))["embedding"].numpy()
    print(f"{len(rows):,} rows by {name}: embeddings of {embeddings.shape[1]} numbers")
    for purpose, threshold in _decision(options.model).items():
        print(
            f"a score of {threshold['score']:.4f} or above means related, best for {purpose}: "
            f"{threshold['reached']:.4f} on held-out tuples that did not choose it"
        )
    index = NearestNeighbors(n_neighbors=options.neighbours + 1).fit(embeddings)
    queries = np.linspace(0, len(rows) - 1, options.queries).astype(int)
    distances, neighbours = index.kneighbors(embeddings[queries])
    for query, near, far in zip(queries, neighbours, distances, strict=True):
        print(f"\n{_describe(rows[query])}")
        others = [(n, d) for n, d in zip(near, far, strict=True) if n != query]
        for neighbour, distance in others[: options.neighbours]:
            print(f"  {distance:.3f}  {_describe(rows[neighbour])}")
    return 0


def _decision(model: str) -> dict[str, dict[str, float]]:
    """The thresholds that a pushed model carries (`components.pusher.decision`)."""
    path = Path(model) / "assets.extra" / "decision.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _describe(row: bytes) -> str:
    """The short features of a row."""
    features = tf.train.Example.FromString(row).features.feature
    texts = ((name, _text(features[name])) for name in sorted(features))
    return "  ".join(f"{name}={text}" for name, text in texts if len(text) <= SHORT)


def _text(feature: tf.train.Feature) -> str:
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value if kind else []
    return " ".join(
        repr(value.decode("utf-8", "replace")) if isinstance(value, bytes) else f"{value:g}"
        for value in values
    )


if __name__ == "__main__":
    sys.exit(main())
