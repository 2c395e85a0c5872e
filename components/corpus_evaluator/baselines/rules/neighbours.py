"""Rules that predict the mean label of the training samples with the most similar features."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from components.corpus_evaluator.baselines.label_kinds import TupleLabel
from components.corpus_evaluator.baselines.rules.base import Fitted
from components.corpus_evaluator.baselines.samples import F64, Samples
from relation.retrieval.points import Floats

NEIGHBOURS = 10
LEAST = 10 * NEIGHBOURS
"""Training samples, at least."""
REFERENCES = 2**13
"""Training samples that neighbours are sought among, at most."""
_STEP = 2**10
Space: TypeAlias = Callable[[Samples], Floats | None]
"""Samples → vectors, [n, d]; None if there are no features."""


def members(samples: Samples) -> Floats | None:
    """The features of all members, side by side."""
    own = [samples.own(index) for index in range(len(samples.roles))]
    parts = [part for part in own if part is not None]
    return np.concatenate(parts, axis=1) if parts else None


def differences(samples: Samples) -> Floats | None:
    """How far apart the first two members are in each feature that they share."""
    both = samples.compared()
    return None if both is None else np.abs(both[0] - both[1])


def nearest(space: Space, name: str, label: TupleLabel, samples: Samples) -> Fitted | None:
    """Predicts the mean label of the nearest training samples."""
    some = samples.first(REFERENCES)
    references = space(some)
    if references is None or len(some) < LEAST:
        return None
    references = references.astype(np.float32)
    squares = np.square(references).sum(axis=1)

    def predict(others: Samples) -> F64:
        out = np.empty((len(others), some.target.shape[1]))
        for start in range(0, len(others), _STEP):
            queries = space(others.take(slice(start, start + _STEP)))
            assert queries is not None
            apart = squares - 2 * (queries.astype(np.float32) @ references.T)
            near = np.argpartition(apart, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
            weights = some.weights[near][..., None]
            out[start : start + _STEP] = (some.target[near] * weights).sum(axis=1) / weights.sum(1)
        return out

    return Fitted(f"{NEIGHBOURS} nearest training tuples by {name}", predict)
