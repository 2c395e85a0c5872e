"""Rules that predict from one number of a sample: a likeness of two members, or a raw feature."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np

from components.corpus_evaluator.baselines.label_kinds import Monotone, TupleLabel
from components.corpus_evaluator.baselines.rules.base import Fitted
from components.corpus_evaluator.baselines.samples import F64, Samples
from relation.retrieval.points import Floats

MOST = 2**14
"""Samples that a line or a curve is fitted to, at most."""
CHOOSING = 2**12
"""Samples that choose the column, at most."""
INTERVALS = 8
"""Intervals of a column by which it is chosen."""
CURVE = 64
"""Intervals of a curve, at most."""
LEAST = 16
"""Samples in an interval of a curve, at least."""


class Column(NamedTuple):
    """One number of each sample, [n], and what it is."""

    name: str
    values: Floats


Columns: TypeAlias = Callable[[Samples], Iterator[Column]]


def likeness(samples: Samples) -> Iterator[Column]:
    """How near the first two members are by the features that they share, and by each kind."""
    both = samples.compared()
    if both is None:
        return
    left, right = both
    yield Column("raw features", -np.sqrt(_squares(left - right)))
    yield Column("raw features, city-block distance", -np.abs(left - right).sum(axis=1))
    parts = samples.features.parts()
    for name, part in parts.items() if len(parts) > 1 else ():
        yield Column(f"raw features, {name} alone", -np.sqrt(_squares((left - right)[:, part])))
    if "words" in parts:
        words = parts["words"]
        yield Column("TF-IDF of words", (left[:, words] * right[:, words]).sum(axis=1))


def raw_features(samples: Samples) -> Iterator[Column]:
    """Each feature of each member, and how far apart two members are in it."""
    for index, (role, entity) in enumerate(samples.roles):
        own = samples.own(index)
        if own is not None:
            names = samples.features.columns(entity)
            for name, values in zip(names, own.T, strict=True):
                yield Column(f"{name} of {role}", values)
    both = samples.compared()
    if both is not None:
        apart = np.abs(both[0] - both[1])
        for number, values in enumerate(apart.T):
            yield Column(f"the difference of raw feature {number}", values)


def straight(columns: Columns, label: TupleLabel, samples: Samples) -> Fitted | None:
    """Predicts along the column that orders labels best, rising or falling."""
    chosen = _chosen(columns, samples, lambda some, x: np.abs(label.association(some, x)))
    if chosen is None:
        return None
    number, name = chosen
    some = samples.first(MOST)
    return _fitted(columns, number, name, label.line(some, _values(columns, some, number)))


def curved(columns: Columns, label: TupleLabel, samples: Samples) -> Fitted | None:
    """Predicts the mean label at the value of a column, the one that explains labels best."""
    chosen = _chosen(columns, samples, _explained)
    if chosen is None:
        return None
    number, name = chosen
    some = samples.first(MOST)
    curve = _curve(_values(columns, some, number), some)
    return _fitted(columns, number, f"{name}, by intervals", curve)


def _squares(values: Floats) -> F64:
    return np.square(values.astype(np.float64)).sum(axis=1)


def _values(columns: Columns, samples: Samples, number: int) -> F64:
    column = next(c for i, c in enumerate(columns(samples)) if i == number)
    return column.values.astype(np.float64)


def _fitted(columns: Columns, number: int, name: str, line: Monotone) -> Fitted:
    return Fitted(name, lambda others: line(_values(columns, others, number)))


def _chosen(
    columns: Columns, samples: Samples, score: Callable[[Samples, F64], F64]
) -> tuple[int, str] | None:
    """Number and name of the column of the highest score among those that vary."""
    some = samples.first(CHOOSING)
    listed = list(columns(some))
    varying = [i for i, column in enumerate(listed) if np.ptp(column.values) > 0]
    if not varying:
        return None
    x = np.stack([listed[i].values for i in varying], axis=1).astype(np.float64)
    best = varying[int(np.argmax(score(some, x)))]
    return best, listed[best].name


def _explained(samples: Samples, columns: F64) -> F64:
    """The variance of the target between intervals of each column: [n, k] → [k]."""
    shares = np.arange(1, INTERVALS) / INTERVALS
    ends = np.quantile(columns, shares, axis=0)
    weighted = samples.weights[:, None] * (samples.target - samples.mean)
    result = np.zeros(columns.shape[1])
    for number in range(columns.shape[1]):
        interval = np.searchsorted(ends[:, number], columns[:, number], side="right")
        weight = np.bincount(interval, samples.weights, INTERVALS)
        for column in weighted.T:
            sums = np.bincount(interval, column, INTERVALS)
            result[number] += (sums**2 / np.maximum(weight, 1e-12)).sum()
    return result


def _curve(column: F64, samples: Samples) -> Monotone:
    """Joins the mean labels of intervals by straight lines."""
    count = max(1, min(CURVE, len(column) // LEAST))
    ends = np.unique(np.quantile(column, np.arange(1, count) / count))
    interval = np.searchsorted(ends, column, side="right")
    weight = np.bincount(interval, samples.weights, len(ends) + 1)
    kept = weight > 0
    means = [
        np.bincount(interval, samples.weights * values, len(ends) + 1)[kept] / weight[kept]
        for values in (column, *samples.target.T)
    ]
    x, *ys = means
    return lambda other: np.stack([np.interp(other, x, y) for y in ys], axis=1)
