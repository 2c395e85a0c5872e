"""Circle loss."""

from typing import ClassVar

from pydantic import FiniteFloat, PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import RowLoss, sides
from trainer_module.ops import Tensor, masked_logsumexp


class Circle(RowLoss):
    """log(1 + Σ_n e^{γ α_n (s_n − m)} · Σ_p e^{−γ α_p (s_p − 1 + m)}) of each row, s = cosine.

    α_p = max(0, 1 + m − s_p) and α_n = max(0, s_n + m) pace each score by how far it is from its
    optimum; no gradient goes through them. A row needs a positive and a negative to be defined.

    Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization", CVPR 2020,
    equations 6 to 8; defaults of pytorch-metric-learning.
    """

    every_positive: ClassVar[bool] = True

    margin: FiniteFloat = 0.4
    """m, the relaxation."""
    gamma: PositiveFloat = 80.0
    """γ, the scale of cosines."""

    def defined(self, positive: Tensor, valid: Tensor) -> Tensor:
        positive, negative = sides(positive, valid)
        return ops.logical_and(ops.any(positive, axis=-1), ops.any(negative, axis=-1))

    def _rows(self, scores: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        fixed, m = ops.stop_gradient(scores), self.margin
        pull = -ops.relu(1.0 + m - fixed) * (scores - (1.0 - m))
        push = ops.relu(fixed + m) * (scores - m)
        return ops.softplus(
            masked_logsumexp(self.gamma * pull, positive)
            + masked_logsumexp(self.gamma * push, negative)
        )
