"""Scores documents with LightGBM, in its own environment (`peers.py`)."""

import json
import sys
from pathlib import Path

import lightgbm

TREES = 100
SETTINGS = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "bagging_freq": 1,
    "bagging_fraction": 0.9,
    "min_data_in_leaf": 50,
    "min_sum_hessian_in_leaf": 5.0,
    "num_threads": 1,
    "verbosity": -1,
}
"""As in LightGBM's `examples/lambdarank/train.conf` and `examples/xendcg/train.conf`."""


def main(folder: str, seeds: str, *objectives: str) -> None:
    """Prints the scores of rank.test by each objective, a model a seed, as JSON."""
    train, test = (str(Path(folder) / name) for name in ("rank.train", "rank.test"))
    scores: dict[str, list[list[float]]] = {}
    for objective in objectives:
        scores[objective] = []
        for seed in json.loads(seeds):
            settings = {**SETTINGS, "objective": objective, "seed": seed}
            model = lightgbm.train(settings, lightgbm.Dataset(train), TREES)
            scores[objective].append(model.predict(test).tolist())
    print(json.dumps(scores))


if __name__ == "__main__":
    main(*sys.argv[1:])
