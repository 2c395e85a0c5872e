"""Tries a pushed model on raw rows: shows a few with their nearest neighbours.

    python -m trainer_module.try_model MODEL ROWS [--queries N] [--neighbours K]

MODEL is a SavedModel (`runs/<recipe>/serving/<version>`), ROWS a glob of TFRecord files of raw
tf.Examples, as the pipeline reads them.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from sklearn.neighbors import NearestNeighbors

from relation.core.errors import DataError
from relation.files.feature_values import values_of
from relation.files.globs import matching_files
from relation.files.saved_model import Signatures, read_decision
from relation.files.tfrecord_reader import read_batches

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
    try:
        rows = _rows(options.rows)
        if not tf.saved_model.contains_saved_model(options.model):
            raise DataError(f"{options.model}: not a SavedModel")
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    model = Signatures(options.model)
    name = next(name for name in model.names() if name.startswith("embed_"))
    embeddings = model.answer(name, "embedding", rows)
    print(f"{len(rows):,} rows by {name}: embeddings of {embeddings.shape[1]} numbers")
    usable = np.flatnonzero(np.isfinite(embeddings).all(axis=1))
    if len(usable) < len(rows):
        print(f"{len(rows) - len(usable):,} rows without an embedding are left out")
    for purpose, threshold in read_decision(options.model).items():
        print(
            f"a score of {threshold['score']:.4f} or above means related, best for {purpose}: "
            f"{threshold['reached']:.4f} on held-out tuples that did not choose it"
        )
    if len(usable) > 1:
        _show_neighbours([rows[n] for n in usable], embeddings[usable], options)
    return 0


def _show_neighbours(rows: list[bytes], embeddings: Any, options: argparse.Namespace) -> None:
    """Print some rows with their neighbours; embeddings float32 [rows, d]."""
    nearest = min(options.neighbours + 1, len(rows))
    index = NearestNeighbors(n_neighbors=nearest).fit(embeddings)
    queries = np.linspace(0, len(rows) - 1, min(options.queries, len(rows))).astype(int)
    distances, neighbours = index.kneighbors(embeddings[queries])
    for query, near, far in zip(queries, neighbours, distances, strict=True):
        print(f"\n{_describe(rows[query])}")
        others = [(n, d) for n, d in zip(near, far, strict=True) if n != query]
        for neighbour, distance in others[: options.neighbours]:
            print(f"  {distance:.3f}  {_describe(rows[neighbour])}")


def _rows(pattern: str) -> list[bytes]:
    """Read the first `ROWS_READ` rows of files.

    Raises:
      DataError: no file matches, one cannot be read, or there is no row.
    """
    rows: list[bytes] = []
    for record in _records(pattern):
        rows.append(record)
        if len(rows) == ROWS_READ:
            break
    if not rows:
        raise DataError(f"{pattern}: the files hold no row")
    return rows


def _records(pattern: str) -> Iterator[bytes]:
    for path in matching_files(pattern):
        number = 0
        for batch in read_batches(path):
            for record in batch:
                number += 1
                try:
                    tf.train.Example.FromString(record)
                except DecodeError:
                    raise DataError(f"{path}: record {number} is not a tf.Example") from None
                yield record


def _describe(row: bytes) -> str:
    """The short features of a row."""
    features = tf.train.Example.FromString(row).features.feature
    texts = ((name, _text(features[name])) for name in sorted(features))
    return "  ".join(f"{name}={text}" for name, text in texts if len(text) <= SHORT)


def _text(feature: tf.train.Feature) -> str:
    return " ".join(
        repr(value.decode("utf-8", "replace")) if isinstance(value, bytes) else f"{value:g}"
        for value in values_of(feature)
    )


if __name__ == "__main__":
    sys.exit(main())
