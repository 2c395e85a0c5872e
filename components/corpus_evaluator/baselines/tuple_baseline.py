"""Baselines on the tuples that the model is evaluated on: pure functions.

| label of the tuples | metric | baseline |
|---|---|---|
| a number, several numbers | r2 | 0: the mean of all labels |
| a class | accuracy | the most frequent class of the training tuples |
| tags | lrap | each tag as often as in the training tuples |
| a pair is related, one entity type | auc | nearness of raw features |
| a pair is related, two types | auc | how often the second is related in training |
| ranked pairs with a query | triplet_accuracy | nearness of raw features to the query's |
| lists with a query | ndcg_at_10 | the same |
| the two without a query, or | the same | the one raw feature of documents that ranks |
| a feature in common with it | | training tuples best |
| label images (`image_baseline`) | mse | means of training labels, by place or brightness |
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.embeddings.id_tuples import IdTuples
from relation.retrieval.points import U64, Floats, Positions
from relation.spec import LabelKind, Relation

F64 = npt.NDArray[np.float64]
MOST_PAIRS = 2**20
"""Pairs of documents in training tuples that choose the best feature, at most."""


class TupleBaseline(NamedTuple):
    """The value of a baseline; `corpus.json` holds it under these names.

    Attributes:
      metric: name of the metric.
      value: the baseline's value.
      by: the method, as text.
      bound: whether a better value is above or below.
    """

    metric: str
    value: float
    by: str
    bound: Literal["above", "below"] = "above"


Nearness = Callable[[str, U64, str, U64], F64 | None]
"""(entity type, ids [n], entity type, ids [n]) → nearness of each pair, float64 [n].

None if the two types cannot be compared."""
Features = Callable[[str, bool, U64], tuple[Positions, Floats] | None]
"""(entity type, whether of training, ids [...]) → position of each id [...], and features [m, d].

The position of a missing id is −1. Both splits have the same columns. None without features."""


def of_tuples(
    relation: Relation, train: IdTuples, held_out: IdTuples, near: Nearness, features: Features
) -> TupleBaseline | None:
    """Evaluates the baseline of a relation.

    Args:
      relation: the relation of the tuples.
      train: tuples to fit the baseline to.
      held_out: tuples to predict.
      near: nearness by raw features.
      features: the raw features.

    Returns:
      The baseline; None if the relation has none.
    """
    train, held_out = _counted(train), _counted(held_out)
    if not len(held_out.labels) or not len(train.labels):
        return None
    kind, ordered = relation.label, [c.related for c in relation.comparisons]
    if kind in (LabelKind.SCALAR, LabelKind.VECTOR) and None in ordered:
        return TupleBaseline("r2", 0.0, "the mean")
    if kind is LabelKind.CLASS:
        return _majority(train, held_out)
    if kind is LabelKind.TAGS:
        return _priors(train, held_out)
    if kind is LabelKind.BINARY and relation.says_related:
        return _pairs(relation, train, held_out, near)
    if kind in (LabelKind.SCALAR, LabelKind.GRADES) and len(relation.roles) > 1:
        scores, by = _nearness(relation, held_out, near) if ordered else None, "raw features"
        if scores is None:
            scores, by = _best_feature(relation, train, held_out, features), "the best raw feature"
        if scores is None:
            return None
        return (_order if kind is LabelKind.SCALAR else _lists)(held_out, scores, by)
    return None


def _counted(tuples: IdTuples) -> IdTuples:
    """The tuples with a positive weight."""
    kept = tuples.weights > 0
    return IdTuples(tuples.members[kept], tuples.labels[kept], tuples.weights[kept])


def _majority(train: IdTuples, held_out: IdTuples) -> TupleBaseline:
    classes = train.labels[:, 0].astype(np.int64)
    commonest = np.bincount(classes, train.weights).argmax()
    right = held_out.labels[:, 0] == commonest
    return TupleBaseline("accuracy", float(np.average(right, weights=held_out.weights)), "majority")


def _priors(train: IdTuples, held_out: IdTuples) -> TupleBaseline:
    from sklearn.metrics import label_ranking_average_precision_score  # Here: it takes seconds.

    prior = np.average(train.labels, axis=0, weights=train.weights)
    value = label_ranking_average_precision_score(
        held_out.labels >= 0.5,
        np.tile(prior, (len(held_out.labels), 1)),
        sample_weight=held_out.weights,
    )
    return TupleBaseline("lrap", float(value), "frequencies of tags")


def _pairs(
    relation: Relation, train: IdTuples, held_out: IdTuples, near: Nearness
) -> TupleBaseline | None:
    from sklearn.metrics import roc_auc_score

    related = held_out.labels[:, 0] == 1
    if related.all() or not related.any():
        return None
    scores, by = _nearness(relation, held_out, near), "raw features"
    if scores is None:
        right = [role.name for role in relation.roles].index(relation.scored.right)
        scores, by = _rates(train, held_out, right)[:, None], "popularity"
    value = roc_auc_score(related, scores[:, 0], sample_weight=held_out.weights)
    return TupleBaseline("auc", float(value), by)


def _rates(train: IdTuples, held_out: IdTuples, column: int) -> F64:
    """Share of training tuples in which a column's member is related, [n]; else the mean of all."""
    ids, positions = np.unique(train.members[:, column], return_inverse=True)
    total = np.bincount(positions.ravel(), train.weights)
    related = np.bincount(positions.ravel(), train.weights * train.labels[:, 0])
    mean = related.sum() / total.sum()
    at = np.minimum(np.searchsorted(ids, held_out.members[:, column]), len(ids) - 1)
    rate = (related + mean) / (total + 1)
    return np.where(ids[at] == held_out.members[:, column], rate[at], mean)


def _order(held_out: IdTuples, scores: F64, by: str) -> TupleBaseline:
    """How often the related document scores higher; scores [n, 2]."""
    above = scores[:, 0] > scores[:, 1]
    share = float(np.average(above, weights=held_out.weights))
    return TupleBaseline("triplet_accuracy", share, by)


def _lists(held_out: IdTuples, scores: F64, by: str) -> TupleBaseline | None:
    """NDCG@10 of scores, [n, documents]; None if no list has a relevant document."""
    from sklearn.metrics import ndcg_score

    present = held_out.labels >= 0
    gains = np.where(present, np.exp2(held_out.labels.astype(np.float64)) - 1, 0)
    kept = gains.max(axis=1) > 0
    if not kept.any():
        return None
    lowest = scores[present].min(initial=0) - 1
    padded = np.where(present, scores, lowest)[kept]
    value = ndcg_score(gains[kept], padded, k=10, sample_weight=held_out.weights[kept])
    return TupleBaseline("ndcg_at_10", float(value), by)


def _best_feature(
    relation: Relation, train: IdTuples, held_out: IdTuples, features: Features
) -> F64 | None:
    """The feature, or minus it, that orders most training pairs correctly: [n, documents]."""
    queries = {comparison.left for comparison in relation.comparisons}
    documents = [i for i, role in enumerate(relation.roles) if role.name not in queries]
    entity = relation.roles[documents[0]].entity
    looked_up = [
        features(entity, tuples is train, tuples.members[:, documents])
        for tuples in (train, held_out)
    ]
    if looked_up[0] is None or looked_up[1] is None:
        return None
    (positions, vectors), (eval_positions, eval_vectors) = looked_up[0], looked_up[1]
    better, worse, weights = _pairs_of(relation, train, positions)
    if not len(better):
        return None
    right = np.zeros((2, vectors.shape[1]))
    for column in range(vectors.shape[1]):
        values = np.asarray(vectors[:, column])
        apart = values[better] - values[worse]
        right[:, column] = weights[apart > 0].sum(), weights[apart < 0].sum()
    descending, column = divmod(int(right.argmax()), right.shape[1])
    scores = np.asarray(eval_vectors[:, column], dtype=np.float64) * (-1 if descending else 1)
    return np.where(eval_positions >= 0, scores[eval_positions], scores.min() - 1)


def _pairs_of(
    relation: Relation, train: IdTuples, positions: Positions
) -> tuple[Positions, Positions, F64]:
    """Training pairs: positions of the better and the worse document, and weights, [n] each."""
    if relation.label is LabelKind.GRADES:
        some = max(1, MOST_PAIRS // positions.shape[1] ** 2)
        grades = train.labels[:some]
        ordered = (grades[:, :, None] > grades[:, None, :]) & (grades[:, None, :] >= 0)
        lists, first, second = np.nonzero(ordered)
    else:
        lists = np.arange(min(len(positions), MOST_PAIRS))
        first, second = np.zeros_like(lists), np.ones_like(lists)
    better, worse = positions[lists, first], positions[lists, second]
    both = (better >= 0) & (worse >= 0)
    return better[both], worse[both], train.weights[lists[both]].astype(np.float64)


def _nearness(relation: Relation, tuples: IdTuples, near: Nearness) -> F64 | None:
    """Nearness of each comparison, [n, comparisons]; None if one cannot be computed."""
    column = {role.name: i for i, role in enumerate(relation.roles)}
    columns = []
    for comparison in relation.comparisons:
        roles = comparison[:2]
        left, right = (tuples.members[:, column[role]] for role in roles)
        values = near(relation.entity_of(roles[0]), left, relation.entity_of(roles[1]), right)
        if values is None:
            return None
        columns.append(values)
    return np.stack(columns, axis=1)
