"""Which products of two shops are the same: F1 on unseen pairs, beside the likeness of titles."""

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench import public_data, quality
from bench.results import Result
from bench.systems import SEEDS, Array, trained
from demo_data.rows import RowValues

DATA = "amazon-google"
GOALS = {"f1": 0.60}
PUBLISHED = {"DeepMatcher (published)": 0.693}
"""With word vectors that were trained elsewhere (Mudgal et al., SIGMOD 2018)."""
PROTOCOL = (
    "train.csv trains; valid.csv chooses the epoch and the threshold of the highest F1; test.csv "
    "is measured once a seed. No outside weights. 95 % of the test pairs have a left record that "
    "is in train.csv, too. Title likeness: Jaccard of words, its threshold chosen likewise."
)

Labels = npt.NDArray[np.bool_]


def run() -> list[Result]:
    folder = public_data.folder(DATA)
    valid, test = (list(public_data.table(folder / f"{part}.csv")) for part in ("valid", "test"))
    truth = [np.array([row["label"] == "1" for row in part]) for part in (valid, test)]
    asked = [[_asked(row) for row in part] for part in (valid, test)]
    ours = [
        {"f1": _f1([model.score(part) for part in asked], truth)}
        for model in trained("amazon_google", lambda place: _write(folder, place))
    ]
    alike = [np.array([jaccard(row) for row in part]) for part in (valid, test)]
    peers = {"title likeness": [{"f1": _f1(alike, truth)}] * len(SEEDS)}
    found = quality.results("matching_amazon_google", ours, peers, GOALS, PROTOCOL)
    for name, theirs in PUBLISHED.items():
        print(f"matching_amazon_google_f1: {name} {theirs}: {found[0].ours - theirs:+.3f}")
    return found


def best_threshold(scores: Array, truth: Labels) -> float:
    """The score from which on a pair counts as the same, for the highest F1."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    ends = np.append(np.diff(scores[order]) < 0, True)  # Equal scores are on one side.
    f1 = np.where(ends, 2 * hits / (np.arange(1, len(truth) + 1) + truth.sum()), 0.0)
    return float(scores[order][np.argmax(f1)])


def f1(found: Labels, truth: Labels) -> float:
    """2 · hits / (found + true)."""
    return 2 * int((found & truth).sum()) / max(int(found.sum()) + int(truth.sum()), 1)


def jaccard(row: dict[str, str]) -> float:
    """Words that both titles have, over those that either has."""
    left, right = (set(row[f"{side}_title"].lower().split()) for side in ("left", "right"))
    return len(left & right) / max(len(left | right), 1)


def _f1(scores: list[Array], truth: list[Labels]) -> float:
    """On the second part, with the threshold of the first."""
    return f1(scores[1] >= best_threshold(scores[0], truth[0]), truth[1])


def _asked(row: dict[str, str]) -> RowValues:
    """The features of both products; an empty cell is missing."""
    read = {"title": str, "manufacturer": str, "price": float}
    names = {f"{side}_{name}": of for side in ("left", "right") for name, of in read.items()}
    return {name: of(row[name]) if row[name] else None for name, of in names.items()}


def told_apart(row: dict[str, str]) -> dict[str, str]:
    """A pair with the shop in the ids of its products, as each shop has numbers of its own."""
    return row | {f"{side}_id": f"{side}-{row[f'{side}_id']}" for side in ("left", "right")}


def _write(folder: Path, place: Path) -> None:
    for part in ("train", "valid"):
        rows = [told_apart(row) for row in public_data.table(folder / f"{part}.csv")]
        with (place / f"{part}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
