"""ListMLE: likelihood of the right order."""

from relation.numeric.lazy import ops
from trainer_module.losses.base import ListLoss
from trainer_module.losses.ranks import before
from trainer_module.ops import Tensor, as_float32, masked_logsumexp


class ListMle(ListLoss):
    """Σ_i (log Σ_{k not before i} e^{s_k} − s_i): −log of the Plackett–Luce probability of the
    order by descending grade.

    Equal grades count as ordered by their columns, neither shuffled (as allRank and TF-Ranking do)
    nor averaged over orders, so the loss is a function of its arguments. A sum over documents. It
    holds [batch, length, length] numbers.

    Xia et al., "Listwise Approach to Learning to Rank", ICML 2008, equation 8.
    """

    def __call__(self, grades: Tensor, scores: Tensor) -> Tensor:
        grades, scores = as_float32(grades), as_float32(scores)
        valid = grades >= 0.0
        rest = ops.logical_and(ops.logical_not(before(grades, valid)), ops.expand_dims(valid, 1))
        others = ops.expand_dims(scores, 1) + ops.zeros_like(ops.expand_dims(scores, 2))
        return ops.sum(ops.where(valid, masked_logsumexp(others, rest) - scores, 0.0), axis=-1)
