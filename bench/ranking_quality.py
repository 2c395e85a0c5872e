"""NDCG of documents of unseen queries, beside LightGBM on its own example of ranking."""

import json
import subprocess
from pathlib import Path

import numpy as np

from bench import peers, public_data, quality
from bench.public_data import Graded
from bench.results import Result
from bench.systems import SEEDS, Array, trained
from demo_data.rows import RowValues, write_rows
from relation.load import PROJECT
from trainer_module.metrics.ranking import ndcg

DATA, FEATURES = "lightgbm-lambdarank", 300
GOALS = {"ndcg_at_1": 0.588, "ndcg_at_3": 0.621, "ndcg_at_5": 0.672, "ndcg_at_10": 0.741}
"""The best of LightGBM's two objectives at each cut, as quoted; they are measured again."""
OBJECTIVES = ("lambdarank", "rank_xendcg")
PROTOCOL = (
    "rank.train: nine queries of ten (by hash) train, the tenth chooses the epoch; rank.test, 50 "
    "queries, is measured once a seed. The recipe was chosen by five-fold cross-validation of the "
    "queries of rank.train. LightGBM: its example's settings, 100 trees, all of rank.train, a seed "
    "each."
)


def run() -> list[Result]:
    folder = public_data.folder(DATA)
    peer = _peer(folder)
    test = public_data.graded(folder / "rank.test", FEATURES)
    rows = [{"document_0_features": values} for values in test.features.tolist()]
    ours = [
        measures(test, model.score(rows))
        for model in trained("lightgbm_ranking", lambda place: _write(folder, place))
    ]
    others = {
        f"LightGBM {objective}": [measures(test, np.array(scores)) for scores in models]
        for objective, models in peer.items()
    }
    return quality.results("ranking", ours, others, GOALS, PROTOCOL)


def measures(documents: Graded, scores: Array) -> dict[str, float]:
    """NDCG at each cut of scores [documents]."""
    queries, place = np.unique(documents.query, return_inverse=True)
    nth = np.concatenate([np.arange(n) for n in np.bincount(place)])
    shape = len(queries), int(nth.max()) + 1
    ranked, grades = np.zeros(shape), np.full(shape, -1.0)
    ranked[place, nth], grades[place, nth] = scores, documents.grades
    return {goal: ndcg(ranked, grades, int(goal.rpartition("_")[2])) for goal in GOALS}


def _write(source: Path, place: Path) -> None:
    documents = public_data.graded(source / "rank.train", FEATURES)
    columns = (documents.query, documents.grades, documents.features.tolist())
    rows: list[RowValues] = [
        {"id": str(number), "query": str(query), "grade": int(grade), "features": values}
        for number, (query, grade, values) in enumerate(zip(*columns, strict=True))
    ]
    write_rows(place, "documents", rows)


def _peer(folder: Path) -> dict[str, list[list[float]]]:
    """Scores of the test documents by LightGBM's objectives, a model a seed."""
    python = peers.python_with("lightgbm", peers.LIGHTGBM)
    command = [str(python), "-m", "bench.ranking_peer", str(folder), json.dumps(SEEDS), *OBJECTIVES]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    found: dict[str, list[list[float]]] = json.loads(ended.stdout.splitlines()[-1])
    return found
