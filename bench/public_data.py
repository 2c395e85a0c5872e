"""Public data sets that lie beside the project, or where `RELATA_DATA` says; never a copy of them.

Each set has a SOURCE.txt: where it is from, its terms, its rows, what is missing in it.
"""

import csv
import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.io import arff
from sklearn.datasets import load_svmlight_file

from bench.results import DataAbsent
from relation.load import PROJECT

FOLDER = PROJECT.parent / "shared" / "data"


def folder(name: str) -> Path:
    """Of a data set.

    Raises:
      DataAbsent: it is not there.
    """
    place = Path(os.environ.get("RELATA_DATA") or FOLDER) / name
    if not (place / "SOURCE.txt").is_file():
        raise DataAbsent(f"no data set {name} at {place}; RELATA_DATA says where data sets are")
    return place


class Graded(NamedTuple):
    """Documents of queries: float32 [documents, features], grades and numbers of queries."""

    features: npt.NDArray[np.float32]
    grades: npt.NDArray[np.int64]
    query: npt.NDArray[np.int64]


def graded(path: Path, width: int) -> Graded:
    """LibSVM lines, `width` features counted from 1; `<path>.query`: lines of each query."""
    features, grades = load_svmlight_file(str(path), n_features=width, zero_based=False)
    sizes = np.loadtxt(f"{path}.query", dtype=np.int64)
    query = np.repeat(np.arange(len(sizes)), sizes)
    return Graded(features.toarray().astype(np.float32), grades.astype(np.int64), query)


class Tagged(NamedTuple):
    """Rows with tags: float32 [rows, features], 0 and 1 [rows, tags], names of tags."""

    features: npt.NDArray[np.float32]
    tags: npt.NDArray[np.int64]
    names: tuple[str, ...]


def tagged(path: Path, tags: int) -> Tagged:
    """An ARFF file of numbers, the last `tags` attributes of which are tags."""
    data, meta = arff.loadarff(path)
    names = tuple(meta.names())
    columns = np.array([data[name].astype(np.float64) for name in names]).T
    features, found = columns[:, :-tags], columns[:, -tags:]
    return Tagged(features.astype(np.float32), found.astype(np.int64), names[-tags:])


def idx(path: Path) -> npt.NDArray[np.uint8]:
    """A gzip IDX file of bytes."""
    raw = gzip.decompress(path.read_bytes())
    axes = raw[3]
    shape = np.frombuffer(raw, ">i4", axes, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def table(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
