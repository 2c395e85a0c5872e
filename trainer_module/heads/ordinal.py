"""Grades of the tags of one entity."""

from __future__ import annotations

from relation.numeric.lazy import keras
from trainer_module.heads.base import GradeHead
from trainer_module.heads.perceptron import Perceptron


class Ordinal(Perceptron, GradeHead):
    """A perceptron gives one score a tag, and each tag has thresholds that rise with the grade:
    the logit of "above grade j" is score − threshold_j, so no grade is likelier than a lower one
    (Cao, Mirjalili, Raschka, "Rank consistent ordinal regression for neural networks", 2020; there
    the thresholds are free). The gaps between them are learnt, and are 1 at first.
    """

    def build(self, tags: int, levels: int) -> keras.layers.Layer:
        from trainer_module.heads.layers import Cumulative

        return Cumulative(self.stack(tags), tags, levels)
