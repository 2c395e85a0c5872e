"""What a rule is."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from components.corpus_evaluator.baselines.label_kinds import TupleLabel
from components.corpus_evaluator.baselines.samples import F64, Samples


class Fitted(NamedTuple):
    """A rule that was fitted to training samples.

    Attributes:
      by: the rule as text.
      predict: samples → predictions of the target, float64 [n, w].
    """

    by: str
    predict: Callable[[Samples], F64]


Rule: TypeAlias = Callable[[TupleLabel, Samples], Fitted | None]
"""Fits a rule to training samples; None if they lack what it needs."""
