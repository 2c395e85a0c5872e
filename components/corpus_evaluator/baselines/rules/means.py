"""Rules that predict a mean of training labels: of all, of a member, of a category."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from components.corpus_evaluator.baselines.label_kinds import TupleLabel
from components.corpus_evaluator.baselines.rules.base import Fitted
from components.corpus_evaluator.baselines.samples import F64, Samples
from relation.core.splitmix import mix
from relation.retrieval.points import U64

PRIOR = 1.0
"""The weight of the mean of all in the mean of a cell."""
MOST = 2**15
"""Samples that choose the categories, at most."""
_SEPARATE = np.uint64(0x9E3779B97F4A7C15)


def mean_of_all(label: TupleLabel, samples: Samples) -> Fitted | None:
    """Predicts the mean of all labels: majority, frequencies of tags."""
    if label.constant is None:
        return None
    mean = samples.mean
    return Fitted(label.constant, lambda others: np.tile(mean, (len(others), 1)))


def mean_of_member(index: int, label: TupleLabel, samples: Samples) -> Fitted | None:
    """Predicts the mean of a member's training labels, where held-out tuples have those members."""
    if index >= len(samples.roles) or not samples.recurring[index]:
        return None
    means = CellMeans.of(samples.members[:, index], samples)
    name = f"the mean label of each {samples.roles[index][0]}"
    return Fitted(name, lambda others: means(others.members[:, index]))


def mean_of_category(label: TupleLabel, samples: Samples) -> Fitted | None:
    """Predicts the mean label of a category, or of a pair of categories, whichever fits best.

    The choice is made on half of the samples, by the means of the other half.
    """
    some = samples.first(MOST)
    half = len(some) // 2
    target = some.target
    names, gains = [], []
    for name, cells in _cells(some):
        names.append(name)
        means = CellMeans.fit(cells[:half], target[:half], some.weights[:half])
        left = (target[half:] - means(cells[half:])) ** 2
        gains.append(-float(some.weights[half:] @ left.sum(axis=1)))
    if not names:
        return None
    best = int(np.argmax(gains))
    cells = next(cells for number, (_, cells) in enumerate(_cells(samples)) if number == best)
    means = CellMeans.of(cells, samples)

    def predict(others: Samples) -> F64:
        return means(next(c for number, (_, c) in enumerate(_cells(others)) if number == best))

    return Fitted(f"the mean label by {names[best]}", predict)


def _cells(samples: Samples) -> Iterator[tuple[str, U64]]:
    """Name and cell of each sample, uint64 [n]: by one category, by two, by whether both agree."""
    singles: list[tuple[int, str, U64]] = []
    for index, (role, entity) in enumerate(samples.roles):
        codes = samples.codes(index)
        for column, name in enumerate(samples.features.categories(entity)):
            if codes is not None:
                singles.append((index, f"{name} of {role}", codes[:, column].astype(np.uint64)))
    for _, name, cells in singles:
        yield name, cells
    for number, (index, name, cells) in enumerate(singles):
        for other_index, other, other_cells in singles[number + 1 :]:
            if index != other_index:
                yield f"{name} and {other}", mix(cells) * _SEPARATE + other_cells
                yield f"whether {name} is {other}", (cells == other_cells).astype(np.uint64)


class CellMeans(NamedTuple):
    """The mean label of each cell, drawn to the mean of all by `PRIOR`.

    Attributes:
      cells: ascending, uint64 [c].
      means: float64 [c, w].
      mean: of all, float64 [w].
    """

    cells: U64
    means: F64
    mean: F64

    @classmethod
    def of(cls, cells: U64, samples: Samples) -> "CellMeans":
        """The means of the samples' labels, by the cell of each, uint64 [n]."""
        return cls.fit(cells, samples.target, samples.weights)

    @classmethod
    def fit(cls, cells: U64, target: F64, weights: F64) -> "CellMeans":
        """The means of targets [n, w]."""
        mean = np.average(target, axis=0, weights=weights) if len(target) else target.sum(axis=0)
        unique, position = np.unique(cells, return_inverse=True)
        total = PRIOR + np.bincount(position, weights, len(unique))
        sums = [np.bincount(position, weights * column, len(unique)) for column in target.T]
        return cls(unique, (np.stack(sums, axis=1) + PRIOR * mean) / total[:, None], mean)

    def __call__(self, cells: U64) -> F64:
        """The mean of each cell, uint64 [n] → float64 [n, w]; that of all for a new one."""
        if not len(self.cells):
            return np.tile(self.mean, (len(cells), 1))
        at = np.minimum(np.searchsorted(self.cells, cells), len(self.cells) - 1)
        return np.where((self.cells[at] == cells)[:, None], self.means[at], self.mean)
