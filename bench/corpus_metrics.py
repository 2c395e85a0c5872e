"""Corpus metrics of many embeddings, beside pytorch-metric-learning's calculator with FAISS.

Both get the same embeddings of ten classes, as many processors, and leave each query out of its
own neighbours. Ours are more: MRR, recall@k and NDCG@k come with MAP@R, R-precision and P@1.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench import isolated, peers
from bench.results import Result
from relation.load import PROJECT
from relation.retrieval.distances import Similarity
from relation.retrieval.measures import measure
from relation.retrieval.points import Keys, Points

ROWS, DIMENSIONS, CLASSES, ROUNDS = 60_000, 64, 10, 3
PEER = "pytorch-metric-learning with FAISS flat"
CLOSE = 1e-5
"""Both order float32 distances, which round differently."""


def run(rows: int = ROWS, rounds: int = ROUNDS) -> list[Result]:
    python = peers.python_with("metric_search", peers.METRIC_SEARCH)
    seconds: list[list[float]] = [[], []]
    memory: list[list[float]] = [[], []]
    halves = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        whole, half = (_write(Path(folder) / f"{n}.npz", n) for n in (rows, rows // 2))
        for _ in range(rounds):
            halves.append(isolated.call("bench.corpus_metrics:ours", path=str(half)).wall)
            found = isolated.call("bench.corpus_metrics:ours", path=str(whole))
            theirs = _peer(python, whole)
            print(f"ours {found}; {PEER} {theirs['wall']:.1f} s, {theirs['peak']:.0f} MiB")
            for name, value in found.value.items():
                if abs(value - theirs[name]) > CLOSE:
                    raise AssertionError(f"{name}: ours {value}, theirs {theirs[name]}")
            for side, (wall, peak) in enumerate(
                ((found.wall, found.peak), (theirs["wall"], theirs["peak"]))
            ):
                seconds[side].append(wall)
                memory[side].append(peak)
    growth = [one / other for one, other in zip(seconds[0], halves, strict=True)]
    return [
        Result.of("corpus_metrics_seconds", "s", "lower", seconds[0], {PEER: seconds[1]}, 1.0),
        Result.of("corpus_metrics_memory", "MiB", "lower", memory[0], {PEER: memory[1]}, 1.0),
        Result.of(
            "corpus_metrics_growth", "times", "lower", growth, {"twice squared": [4.0]}, None
        ),
    ]


def _write(path: Path, rows: int) -> Path:
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, size=rows)
    centres = 0.5 * random.normal(size=(CLASSES, DIMENSIONS))
    vectors = centres[labels] + random.normal(size=(rows, DIMENSIONS))
    np.savez(path, vectors=vectors.astype(np.float32), labels=labels)
    return path


def ours(path: str) -> dict[str, float]:
    """Measures with ours, in a process of its own."""
    with np.load(path) as data:
        vectors, labels = data["vectors"], data["labels"]
    keys = Keys.single(labels.astype(np.uint64))
    points = Points(np.arange(len(labels), dtype=np.uint64), keys, vectors)
    found = measure(points, points, Similarity.EUCLIDEAN, same=True)
    return {name: float(found[name].mean()) for name in ("map_at_r", "precision_at_1")}


def _peer(python: Path, path: Path) -> dict[str, Any]:
    command = [str(python), "-m", "bench.corpus_metrics_peer", str(path)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    measured: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return measured
