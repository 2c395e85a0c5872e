"""What needs no training, on the tuples that the model is evaluated on: pure functions.

| tuples | model's metric | what it must beat |
|---|---|---|
| a number, several numbers | r2 | 0: the mean, whatever is asked |
| a class | accuracy | the most frequent class of the training tuples |
| tags | lrap | each tag as often as in the training tuples |
| a pair is related, one entity type | auc | nearness of raw features |
| a pair is related, two types | auc | how often the second is related in training |
| ranked pairs with a query | triplet_accuracy | nearness of raw features to the query's |
| lists with a query | ndcg_at_10 | the same |
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.links import Links
from components.corpus_evaluator.points import U64
from relation.spec import LabelKind, Relation

F64 = npt.NDArray[np.float64]


class Trivial(NamedTuple):
    """A metric of tuples, its value without training, and how that was reached."""

    metric: str
    value: float
    by: str


Nearness = Callable[[str, U64, str, U64], F64 | None]
"""Of two roles the ids of their members, [n] each → nearness [n]; None: they cannot be compared."""


def of_tuples(relation: Relation, train: Links, held_out: Links, near: Nearness) -> Trivial | None:
    """The trivial baseline of a relation; None: there is none.

    Args:
      relation: of the tuples.
      train: tuples to count in.
      held_out: tuples to predict.
      near: by raw features.
    """
    if not len(held_out.labels) or not len(train.labels):
        return None
    kind, ordered = relation.label, [c.related for c in relation.comparisons]
    if kind in (LabelKind.SCALAR, LabelKind.VECTOR) and None in ordered:
        return Trivial("r2", 0.0, "the mean")
    if kind is LabelKind.CLASS:
        return _majority(train, held_out)
    if kind is LabelKind.TAGS:
        return _priors(train, held_out)
    if kind is LabelKind.BINARY and ordered:
        return _pairs(relation, train, held_out, near)
    if kind is LabelKind.SCALAR and ordered:
        found = _nearness(relation, held_out, near)
        if found is None:
            return None
        above = found[:, 0] > found[:, 1]
        share = float(np.average(above, weights=held_out.weights))
        return Trivial("triplet_accuracy", share, "raw features")
    if kind is LabelKind.GRADES and ordered:
        found = _nearness(relation, held_out, near)
        return None if found is None else _lists(held_out, found)
    return None


def _majority(train: Links, held_out: Links) -> Trivial:
    classes = train.labels[:, 0].astype(np.int64)
    commonest = np.bincount(classes, train.weights).argmax()
    right = held_out.labels[:, 0] == commonest
    return Trivial("accuracy", float(np.average(right, weights=held_out.weights)), "majority")


def _priors(train: Links, held_out: Links) -> Trivial:
    from sklearn.metrics import label_ranking_average_precision_score  # Here: it takes seconds.

    prior = np.average(train.labels, axis=0, weights=train.weights)
    value = label_ranking_average_precision_score(
        held_out.labels >= 0.5,
        np.tile(prior, (len(held_out.labels), 1)),
        sample_weight=held_out.weights,
    )
    return Trivial("lrap", float(value), "frequencies of tags")


def _pairs(relation: Relation, train: Links, held_out: Links, near: Nearness) -> Trivial | None:
    from sklearn.metrics import roc_auc_score

    related = held_out.labels[:, 0] == 1
    if related.all() or not related.any():
        return None
    found, by = _nearness(relation, held_out, near), "raw features"
    if found is None:
        right = [role.name for role in relation.roles].index(relation.scored.right)
        found, by = _rates(train, held_out, right)[:, None], "popularity"
    value = roc_auc_score(related, found[:, 0], sample_weight=held_out.weights)
    return Trivial("auc", float(value), by)


def _rates(train: Links, held_out: Links, column: int) -> F64:
    """How often the member in a column is related in training; of an unknown one, the mean."""
    known, places = np.unique(train.members[:, column], return_inverse=True)
    total = np.bincount(places.ravel(), train.weights)
    related = np.bincount(places.ravel(), train.weights * train.labels[:, 0])
    mean = related.sum() / total.sum()
    at = np.minimum(np.searchsorted(known, held_out.members[:, column]), len(known) - 1)
    rate = (related + mean) / (total + 1)
    return np.where(known[at] == held_out.members[:, column], rate[at], mean)


def _lists(held_out: Links, found: F64) -> Trivial:
    from sklearn.metrics import ndcg_score

    there = held_out.labels >= 0
    gains = np.where(there, np.exp2(held_out.labels.astype(np.float64)) - 1, 0)
    kept = gains.max(axis=1) > 0
    lowest = found[there].min(initial=0) - 1
    scores = np.where(there, found, lowest)[kept]
    value = ndcg_score(gains[kept], scores, k=10, sample_weight=held_out.weights[kept])
    return Trivial("ndcg_at_10", float(value), "raw features")


def _nearness(relation: Relation, links: Links, near: Nearness) -> F64 | None:
    """Nearness of each comparison, [n, comparisons]."""
    column = {role.name: i for i, role in enumerate(relation.roles)}
    found = []
    for comparison in relation.comparisons:
        roles = comparison[:2]
        left, right = (links.members[:, column[role]] for role in roles)
        values = near(relation.entity_of(roles[0]), left, relation.entity_of(roles[1]), right)
        if values is None:
            return None
        found.append(values)
    return np.stack(found, axis=1)
