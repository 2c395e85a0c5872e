"""Relatedness by words: each word is matched with the words of the other side."""

from __future__ import annotations

from typing import ClassVar

from relation.numeric.lazy import keras
from trainer_module.heads.base import SimilarityHead
from trainer_module.heads.perceptron import Perceptron


class Alignment(Perceptron, SimilarityHead):
    """relatedness = perceptron(what both sides share, and what is left over), a logit.

    The sides are words of features, [batch, features, n, d], as the tower `words` gives them: of
    direction u and length w, w = 0 where there is no word. A word is covered to the degree
    c = max_j u·v_j by the words v of the other side, of whichever feature (MaxSim of Khattab,
    Zaharia, "ColBERT", SIGIR 2020). Of each feature of each side the perceptron sees Σwc / Σw;
    Σw(1 − c), how much is left over, and Σw(1 − c)u / Σw, what it is; of each feature of both,
    |difference| and product of Σwu / Σw.
    """

    is_logit: ClassVar[bool] = True

    def build(self) -> keras.layers.Layer:
        from trainer_module.heads.layers import Aligned

        return Aligned(self.stack(1))
