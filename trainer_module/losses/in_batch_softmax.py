"""Softmax over the candidates of a batch."""

from pydantic import PositiveFloat

from trainer_module.losses.base import SoftmaxLoss
from trainer_module.losses.softmax import against_negatives
from trainer_module.ops import Tensor


class InBatchSoftmax(SoftmaxLoss):
    """−log of the softmax of each row's positive among itself and its valid negatives.

    The order is: temperature, logQ, then what is not valid goes. `positive` is the diagonal;
    accidental hits, columns that hold the row's positive once more or another entity known to be
    related, are not valid; hard negatives are further columns. Default temperature: that of
    sentence-transformers' MultipleNegativesRankingLoss (cosine × 20). `log_q`: whether training
    corrects for how often the candidates are met.

    Covington et al., RecSys 2016; Yi et al., RecSys 2019, equations 2 to 4.
    """

    temperature: PositiveFloat = 0.05
    """τ, which divides the scores."""
    log_q: bool = True
    """Whether training corrects for how often each candidate is in a batch."""

    @property
    def needs_log_q(self) -> bool:
        return self.log_q

    def _rows(self, scores: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return against_negatives(scores, positive, negative)
