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
| the two without a query, or | the same | the one raw feature of documents that ranks |
| a feature in common with it | | training tuples best |
| label images (`trivial_images`) | mse | means of training labels, by place or brightness |
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.embeddings.id_tuples import Links
from components.corpus_evaluator.embeddings.points import U64, Floats, Places
from relation.names import EVAL, TRAIN
from relation.spec import LabelKind, Relation

F64 = npt.NDArray[np.float64]
MOST_PAIRS = 2**20
"""So many pairs of documents of training tuples say which feature is best."""


class Trivial(NamedTuple):
    """A metric of tuples, its value without training, and how that was reached.

    `bound`: where a better value is.
    """

    metric: str
    value: float
    by: str
    bound: Literal["above", "below"] = "above"


Nearness = Callable[[str, U64, str, U64], F64 | None]
"""Of two roles the ids of their members, [n] each → nearness [n]; None: they cannot be compared."""
Rows = Callable[[str, str, U64], tuple[Places, Floats] | None]
"""Entity type, split and ids [...] → the row of each, −1 where it is unknown, and the raw features
of rows, [m, d], the same d in both splits; None: there are none."""


def of_tuples(
    relation: Relation, train: Links, held_out: Links, near: Nearness, rows: Rows
) -> Trivial | None:
    """The trivial baseline of a relation; None: there is none.

    Args:
      relation: of the tuples.
      train: tuples to count in.
      held_out: tuples to predict.
      near: by raw features.
      rows: the raw features.
    """
    train, held_out = _counted(train), _counted(held_out)
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
    if kind in (LabelKind.SCALAR, LabelKind.GRADES) and len(relation.roles) > 1:
        found, by = _nearness(relation, held_out, near) if ordered else None, "raw features"
        if found is None:
            found, by = _best_feature(relation, train, held_out, rows), "the best raw feature"
        if found is None:
            return None
        return (_order if kind is LabelKind.SCALAR else _lists)(held_out, found, by)
    return None


def _counted(links: Links) -> Links:
    kept = links.weights > 0
    return Links(links.members[kept], links.labels[kept], links.weights[kept])


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


def _order(held_out: Links, found: F64, by: str) -> Trivial:
    above = found[:, 0] > found[:, 1]
    share = float(np.average(above, weights=held_out.weights))
    return Trivial("triplet_accuracy", share, by)


def _lists(held_out: Links, found: F64, by: str) -> Trivial | None:
    from sklearn.metrics import ndcg_score

    there = held_out.labels >= 0
    gains = np.where(there, np.exp2(held_out.labels.astype(np.float64)) - 1, 0)
    kept = gains.max(axis=1) > 0
    if not kept.any():
        return None
    lowest = found[there].min(initial=0) - 1
    scores = np.where(there, found, lowest)[kept]
    value = ndcg_score(gains[kept], scores, k=10, sample_weight=held_out.weights[kept])
    return Trivial("ndcg_at_10", float(value), by)


def _best_feature(relation: Relation, train: Links, held_out: Links, rows: Rows) -> F64 | None:
    """The one feature, or minus it, that orders most training pairs rightly: [n, documents]."""
    queries = {comparison.left for comparison in relation.comparisons}
    documents = [i for i, role in enumerate(relation.roles) if role.name not in queries]
    entity = relation.roles[documents[0]].entity
    found = [
        rows(entity, split, links.members[:, documents])
        for split, links in ((TRAIN, train), (EVAL, held_out))
    ]
    if found[0] is None or found[1] is None:
        return None
    (places, vectors), (asked, features) = found[0], found[1]
    better, worse, weights = _pairs_of(relation, train, places)
    if not len(better):
        return None
    right = np.zeros((2, vectors.shape[1]))
    for column in range(vectors.shape[1]):
        values = np.asarray(vectors[:, column])
        apart = values[better] - values[worse]
        right[:, column] = weights[apart > 0].sum(), weights[apart < 0].sum()
    descending, column = divmod(int(right.argmax()), right.shape[1])
    scores = np.asarray(features[:, column], dtype=np.float64) * (-1 if descending else 1)
    return np.where(asked >= 0, scores[asked], scores.min() - 1)


def _pairs_of(relation: Relation, train: Links, places: Places) -> tuple[Places, Places, F64]:
    """Some training pairs: the rows of the better and of the worse document, and weights, [n]."""
    if relation.label is LabelKind.GRADES:
        some = max(1, MOST_PAIRS // places.shape[1] ** 2)
        grades = train.labels[:some]
        ordered = (grades[:, :, None] > grades[:, None, :]) & (grades[:, None, :] >= 0)
        lists, first, second = np.nonzero(ordered)
    else:
        lists = np.arange(min(len(places), MOST_PAIRS))
        first, second = np.zeros_like(lists), np.ones_like(lists)
    better, worse = places[lists, first], places[lists, second]
    known = (better >= 0) & (worse >= 0)
    return better[known], worse[known], train.weights[lists[known]].astype(np.float64)


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
