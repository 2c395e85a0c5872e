"""The best of what needs no training on the tuples that the model is evaluated on.

`label_kinds` says what is predicted and by which metric, `rules` how, `choice` which rule is taken.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from components.common.columns import take
from components.corpus_evaluator.baselines.choice import (
    Candidate,
    candidates,
    hash_of,
    members_recur,
)
from components.corpus_evaluator.baselines.label_kinds import label_of
from components.corpus_evaluator.baselines.samples import RawFeatures
from components.corpus_evaluator.embeddings.id_tuples import IdTuples
from relation.spec import Relation

MOST_TUPLES = 2**17
"""Training tuples that rules are fitted to, at most."""


class TupleBaseline(NamedTuple):
    """The value of a baseline; `corpus.json` holds it under these names.

    Attributes:
      metric: name of the metric.
      value: the baseline's value.
      by: the method, as text.
      bound: whether a better value is above or below.
      candidates: the rules that it was chosen from, the best on training tuples first.
    """

    metric: str
    value: float
    by: str
    bound: Literal["above", "below"] = "above"
    candidates: Sequence[Candidate] = ()

    def to_json(self) -> dict[str, Any]:
        """The value in `corpus.json`."""
        return {**self._asdict(), "candidates": [each._asdict() for each in self.candidates]}


def of_tuples(
    relation: Relation,
    train: IdTuples,
    held_out: IdTuples,
    features: RawFeatures,
    orders_only: bool = False,
) -> TupleBaseline | None:
    """Evaluates the baseline of a relation.

    Args:
      relation: the relation of the tuples.
      train: tuples to fit rules to, and to choose one of them on.
      held_out: tuples to predict.
      features: the raw features of their members.
      orders_only: whether the model learns the order of numbers alone, not their size.

    Returns:
      The baseline; None if the relation has none, or if its metric is undefined.
    """
    train, held_out = (take(each, np.flatnonzero(each.weights > 0)) for each in (train, held_out))
    if not len(held_out.labels) or not len(train.labels):
        return None
    label = label_of(relation, train, held_out, orders_only)
    if label is None:
        return None
    order = np.argsort(hash_of(train), kind="stable")[:MOST_TUPLES]
    recurring = members_recur(train, held_out)
    rules = candidates(label, take(train, order), held_out, features, recurring)
    if not rules:
        return None
    best = rules[0]
    return TupleBaseline(label.metric, best.value, best.by, candidates=rules)
