"""Multi-similarity loss."""

from typing import ClassVar

from pydantic import FiniteFloat, PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import RowLoss
from trainer_module.ops import Tensor, masked_logsumexp


class MultiSimilarity(RowLoss):
    """(1/α) log(1 + Σ_p e^{−α(s_p − λ)}) + (1/β) log(1 + Σ_n e^{β(s_n − λ)}) of each row.

    λ = `base`. The weighting alone, without the paper's mining of pairs. A row without positives
    has its second term, so every row with a valid column is defined. For s = cosine.

    Wang et al., "Multi-Similarity Loss with General Pair Weighting", CVPR 2019, equation 15.
    """

    every_positive: ClassVar[bool] = True

    alpha: PositiveFloat = 2.0
    """α, the scale of positives."""
    beta: PositiveFloat = 50.0
    """β, the scale of negatives."""
    base: FiniteFloat = 0.5
    """λ, the score about which both are weighed."""

    def defined(self, positive: Tensor, valid: Tensor) -> Tensor:
        return ops.any(valid, axis=-1)

    def _rows(self, scores: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        over = scores - self.base
        pull = ops.softplus(masked_logsumexp(-self.alpha * over, positive)) / self.alpha
        push = ops.softplus(masked_logsumexp(self.beta * over, negative)) / self.beta
        return pull + push
