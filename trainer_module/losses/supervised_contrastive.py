"""Supervised contrastive loss."""

from typing import ClassVar

from pydantic import PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import SoftmaxLoss
from trainer_module.ops import Tensor, masked_logsumexp, masked_mean


class SupervisedContrastive(SoftmaxLoss):
    """−log of the softmax of a positive among all valid columns, the mean over a row's positives.

    Other positives are in the denominator, the row itself is not (it is not valid). For s = cosine.

    Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, equation 2 (L_out).
    """

    every_positive: ClassVar[bool] = True

    temperature: PositiveFloat = 0.1
    """τ, which divides the scores."""

    def _rows(self, scores: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        total = masked_logsumexp(scores, ops.logical_or(positive, negative))
        return masked_mean(ops.expand_dims(total, -1) - scores, positive)
