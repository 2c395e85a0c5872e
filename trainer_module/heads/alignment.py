"""Relatedness by words: each word is matched with the words of the other side."""

from typing import ClassVar

import keras
from keras import ops

from trainer_module.heads.base import SimilarityHead
from trainer_module.heads.perceptron import Perceptron
from trainer_module.ops import Tensor, l2_normalize, root, weighted_mean


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
        return Aligned(self.stack(1))


class Aligned(keras.layers.Layer):
    """(left [batch, features, n, d], right [batch, features, m, d]) -> logit [batch]."""

    def __init__(self, stack: keras.layers.Layer):
        super().__init__(dtype="float32")
        self.stack = stack

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        if len(left.shape) != 4 or len(right.shape) != 4:
            raise ValueError(
                f"alignment: got embeddings of shapes {tuple(left.shape)} and "
                f"{tuple(right.shape)}; expected [batch, features, words, d], of the tower `words`"
            )
        ends = l2_normalize(left), l2_normalize(right)
        weights = [root(ops.sum(ops.square(side), axis=-1)) for side in (left, right)]
        words = [ops.reshape(u, (ops.shape(u)[0], -1, u.shape[-1])) for u in ends]
        alike = ops.matmul(words[0], ops.transpose(words[1], (0, 2, 1)))
        covered = _highest(alike, weights[1]), _highest(ops.transpose(alike, (0, 2, 1)), weights[0])
        features, pooled = [], []
        for u, w, highest in zip(ends, weights, covered, strict=True):
            c = ops.reshape(highest, ops.shape(w))
            features += [weighted_mean(c, w, axis=-1), ops.sum(w * (1.0 - c), axis=-1)]
            features.append(_mean(u * (1.0 - c)[..., None], w))
            pooled.append(_mean(u, w))
        features += [ops.abs(pooled[0] - pooled[1]), pooled[0] * pooled[1]]
        return self.stack(ops.concatenate(features, axis=-1))[:, 0]


def _highest(alike: Tensor, weights: Tensor) -> Tensor:
    """Maximum of [batch, n, features · m] over the words with positive weights [batch, features,
    m].

    0 where there are none.
    """
    present = ops.reshape(weights > 0.0, (ops.shape(weights)[0], 1, -1))
    highest = ops.max(ops.where(present, alike, -1.0), axis=-1)
    return ops.where(ops.any(present, axis=-1), highest, 0.0)


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over the words of each feature, one after the other.

    [batch, features, n, d], [batch, features, n] -> [batch, features · d].
    """
    each = ops.broadcast_to(weights[..., None], ops.shape(values))
    means = weighted_mean(values, each, axis=2)
    return ops.reshape(means, (-1, means.shape[1] * means.shape[2]))
