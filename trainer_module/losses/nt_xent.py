"""NT-Xent: normalized temperature-scaled cross-entropy."""

from pydantic import PositiveFloat

from trainer_module.losses.base import SoftmaxLoss
from trainer_module.losses.softmax import against_negatives
from trainer_module.ops import Tensor


class NtXent(SoftmaxLoss):
    """−log( e^{s_p/τ} / (e^{s_p/τ} + Σ_n e^{s_n/τ}) ), the mean over the positives p of a row.

    Other positives are not in the denominator (as in pytorch-metric-learning, which averages over
    all pairs of the batch: the same where rows have equally many positives). For s = cosine.

    Sohn, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective", NIPS 2016; Chen et
    al., "A Simple Framework for Contrastive Learning" (SimCLR), ICML 2020, equation 1.
    """

    temperature: PositiveFloat = 0.07
    """τ, which divides the scores."""

    def _rows(self, scores: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return against_negatives(scores, positive, negative)
