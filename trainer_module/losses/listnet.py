"""ListNet: cross-entropy of the probabilities to be on top."""

from relation.numeric.lazy import ops
from trainer_module.losses.base import ListLoss
from trainer_module.ops import NOTHING, Tensor, as_float32, masked_logsumexp


class ListNet(ListLoss):
    """−Σ_i P_i(grades) log P_i(scores), P = softmax over the documents of one list.

    Targets are the softmax of the grades as they are (allRank too; TF-Ranking's SoftmaxLoss takes
    grades over their sum instead), so a list of equal grades pulls its scores together. A sum over
    documents; its least value is the entropy of the targets.

    Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007, top-one
    probabilities, section 4.
    """

    def __call__(self, grades: Tensor, scores: Tensor) -> Tensor:
        grades, scores = as_float32(grades), as_float32(scores)
        valid = grades >= 0.0
        targets = ops.exp(ops.where(valid, grades - _total(grades, valid), NOTHING))
        return ops.sum(ops.where(valid, targets * (_total(scores, valid) - scores), 0.0), axis=-1)


def _total(x: Tensor, valid: Tensor) -> Tensor:
    """log Σ exp of each list, [batch, 1]."""
    return ops.expand_dims(masked_logsumexp(x, valid), -1)
