"""Chooses the best of several rules on training tuples: pure functions.

Rules are fitted to some training tuples and compared on others, whose members are as new to them
as those of the held-out tuples will be. So a rule that recalls its training tuples gains nothing.
The held-out labels choose nothing.
"""

import functools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from components.common.columns import take
from components.corpus_evaluator.baselines.label_kinds import TupleLabel
from components.corpus_evaluator.baselines.rules import means, neighbours, one_column
from components.corpus_evaluator.baselines.rules.base import Fitted, Rule
from components.corpus_evaluator.baselines.samples import F64, RawFeatures, Samples
from components.corpus_evaluator.embeddings.id_tuples import IdTuples
from relation.core.splitmix import mix
from relation.retrieval.points import U64

PARTS = 3
"""One part of so many compares the rules, by members or by tuples."""
LEAST = 32
"""Tuples that rules are fitted to, and that compare them, at least."""
LEAST_FITTED = 0.3
"""The share of training tuples that rules are fitted to, at least."""
MOST_MEMBERS = 2
"""Up to so many members that are new each, all of them are new to the rules, too."""
RECURRING = 0.5
"""The share of held-out members from which a role has the members of training."""
_STEP = 2**13
Bools = npt.NDArray[np.bool_]

RULES: tuple[Rule, ...] = (
    means.mean_of_all,
    functools.partial(one_column.straight, one_column.likeness),
    functools.partial(one_column.curved, one_column.likeness),
    functools.partial(means.mean_of_member, 0),
    functools.partial(means.mean_of_member, 1),
    means.mean_of_category,
    functools.partial(one_column.straight, one_column.raw_features),
    functools.partial(one_column.curved, one_column.raw_features),
    functools.partial(neighbours.nearest, neighbours.members, "their raw features"),
    functools.partial(neighbours.nearest, neighbours.differences, "differences of raw features"),
)
"""The rules, the simplest first; of equally good ones the first is chosen."""


class Candidate(NamedTuple):
    """A rule and its values.

    Attributes:
      by: the rule as text.
      train: the metric on the training tuples that compare rules; NaN if it is undefined.
      value: the metric on the held-out tuples, fitted to all training tuples.
    """

    by: str
    train: float
    value: float


def candidates(
    label: TupleLabel, train: IdTuples, held_out: IdTuples, features: RawFeatures, recurring: Bools
) -> list[Candidate]:
    """Fits, compares and evaluates all rules that apply, the best on training tuples first."""
    fitting, comparing = parts(train, ~recurring, label.anchor)
    recurs = tuple(recurring.tolist())
    samples = {
        name: label.samples(tuples, name != "held out", features, recurs)
        for name, tuples in (
            ("fitting", fitting),
            ("comparing", comparing),
            ("train", train),
            ("held out", held_out),
        )
    }
    result = []
    for rule in RULES:
        trial, fitted = rule(label, samples["fitting"]), rule(label, samples["train"])
        if trial is None or fitted is None:
            continue
        value = label.value(held_out, samples["held out"], _predict(fitted, samples["held out"]))
        if math.isnan(value):
            continue
        predicted = _predict(trial, samples["comparing"])
        compared = label.value(comparing, samples["comparing"], predicted)
        result.append(Candidate(fitted.by, compared, value))
    return sorted(result, key=lambda each: -math.inf if math.isnan(each.train) else -each.train)


def parts(train: IdTuples, new: Bools, anchor: int) -> tuple[IdTuples, IdTuples]:
    """Training tuples to fit rules to, and others to compare the rules on.

    Args:
      train: the tuples.
      new: for each role whether held-out tuples have members that training tuples have not.
      anchor: the role that the other members of a tuple belong to.

    Returns:
      The two parts. Members of new roles that tuples connect, however indirectly, are in one part.
      Where that leaves too few tuples in one, no member of a new role is in both, or no anchor;
      both are all tuples where those are too few to be parted.
    """
    for comparing, left_out in _shares(train, np.flatnonzero(new), anchor):
        fitted, compared, least = (~left_out).sum(), comparing.sum(), LEAST_FITTED * len(comparing)
        if min(fitted, compared) >= LEAST and fitted >= least:
            return take(train, np.flatnonzero(~left_out)), take(train, np.flatnonzero(comparing))
    return train, train


def _shares(
    train: IdTuples, roles: npt.NDArray[np.int64], anchor: int
) -> Iterator[tuple[Bools, Bools]]:
    """Ways to part n tuples: which compare the rules, and which are not fitted, bool [n] each."""
    inside = mix(train.members) % np.uint64(PARTS) == 0
    if len(roles):
        connected = mix(components(train.members[:, roles])) % np.uint64(PARTS) == 0
        yield connected, connected
    if 0 < len(roles) <= MOST_MEMBERS:
        yield inside[:, roles].all(axis=1), inside[:, roles].any(axis=1)
    elif len(roles):
        comparing = inside[:, anchor if anchor in roles else roles[0]]
        yield comparing, comparing
    whole = mix(hash_of(train)) % np.uint64(PARTS) == 0
    yield whole, whole


def components(members: U64) -> U64:
    """The least member that each tuple is connected to, however indirectly: [n, m] → [n].

    >>> components(np.array([[1, 2], [7, 8], [2, 3], [9, 0], [3, 0]], np.uint64)).tolist()
    [1, 7, 1, 9, 1]

    Args:
      members: 0 if there is none.
    """
    from scipy.sparse import coo_matrix  # Here: it takes seconds.
    from scipy.sparse.csgraph import connected_components

    ids, nodes = np.unique(members, return_inverse=True)
    nodes = nodes.reshape(members.shape)
    tuples, columns = np.nonzero(members)
    ends = tuples + len(ids), nodes[tuples, columns]
    size = len(ids) + len(members)
    graph = coo_matrix((np.ones(len(tuples), bool), ends), (size, size))
    _, labels = connected_components(graph, directed=False)
    least = np.full(labels.max(initial=0) + 1, np.iinfo(np.uint64).max, np.uint64)
    present = ids > 0
    np.minimum.at(least, labels[: len(ids)][present], ids[present])
    return least[labels[len(ids) :]]


def members_recur(train: IdTuples, held_out: IdTuples) -> Bools:
    """Whether at least half of the held-out members are in training tuples, for each role."""
    shares = []
    for role in range(held_out.members.shape[1]):
        members = held_out.members[:, role]
        members = members[members > 0]
        recurs = np.isin(members, train.members[:, role])
        shares.append(len(members) > 0 and recurs.mean() >= RECURRING)
    return np.array(shares, dtype=bool)


def hash_of(tuples: IdTuples) -> U64:
    """A hash of the members of each of n tuples, uint64 [n]."""
    keys = np.zeros(len(tuples.weights), np.uint64)
    for column in tuples.members.T:
        keys = mix(mix(keys) ^ column)
    return keys


def _predict(fitted: Fitted, samples: Samples) -> F64:
    """Predictions for n samples, [n, w], a part of them at a time."""
    steps = range(0, len(samples), _STEP)
    return np.concatenate([fitted.predict(samples.take(slice(s, s + _STEP))) for s in steps])
