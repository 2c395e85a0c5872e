"""Corpus metrics by pytorch-metric-learning with FAISS, in its own environment (`peers.py`)."""

import json
import sys
import time
from pathlib import Path

import faiss
import numpy as np
import torch
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import FaissKNN


def main(path: str) -> None:
    """Prints the metrics, seconds, and MiB that the process held at most."""
    with np.load(path) as data:
        vectors, labels = torch.from_numpy(data["vectors"]), torch.from_numpy(data["labels"])
    names = {
        "map_at_r": "mean_average_precision_at_r",
        "precision_at_1": "precision_at_1",
        "r_precision": "r_precision",
    }
    calculator = AccuracyCalculator(
        include=tuple(names.values()),
        k="max_bin_count",
        device=torch.device("cpu"),
        knn_func=FaissKNN(index_init_fn=faiss.IndexFlatL2, gpus=None),
    )
    begin = time.monotonic()
    found = calculator.get_accuracy(vectors, labels)
    wall = time.monotonic() - begin
    measured = {name: float(found[theirs]) for name, theirs in names.items()}
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
    print(json.dumps({**measured, "wall": wall, "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1])
