"""Softmax over the candidates of one tuple."""

import math

from pydantic import PositiveFloat

from relation.numeric.lazy import ops
from relation.spec import Relation
from trainer_module.losses.base import TupleLoss
from trainer_module.losses.softmax import against_negatives
from trainer_module.ops import Tensor, as_float32


class CandidateSoftmax(TupleLoss):
    """−log of the softmax of the positive among itself and the negatives of its tuple.

    Logits are relatedness over `temperature`. Of several positives each competes with the
    negatives alone, and the mean is taken. N-tuples have positives first, negatives last.

    `log_q`: whether training corrects for `negative_prob`. Then the softmax stands for one over all
    that might have been drawn: the k negatives are draws, so the logit of one that is drawn with
    probability q becomes s/τ − log(k·q), and the denominator is that of the full softmax on average
    (Bengio, Senécal, "Adaptive Importance Sampling to Accelerate Training of a Neural Probabilistic
    Language Model", 2008). The positive was not drawn and is not corrected.
    """

    temperature: PositiveFloat = 1.0
    """τ, which divides relatedness."""
    log_q: bool = True
    """Whether training corrects for `negative_prob`."""

    @property
    def needs_log_q(self) -> bool:
        return self.log_q

    def check(self, relation: Relation) -> None:
        related = [comparison.related for comparison in relation.comparisons]
        positives = related.count(True)
        if not 0 < positives < len(related) or related != [
            *[True] * positives,
            *[False] * (len(related) - positives),
        ]:
            raise ValueError("it needs tuples of an anchor, positives and negatives: type ntuples")

    def __call__(self, related: Tensor, relatedness: Tensor, log_q: Tensor | None = None) -> Tensor:
        """[batch, comparisons] of 1/0, [batch, comparisons] -> [batch].

        `log_q`: [batch, k], log of the probability (`negative_prob`) with which one draw gives each
        of the negatives, the last k columns.
        """
        logits = as_float32(relatedness) / self.temperature
        if log_q is not None:
            negatives = log_q.shape[1]
            counts = ops.cast(log_q, logits.dtype) + math.log(negatives)
            logits = logits - ops.pad(counts, ((0, 0), (logits.shape[1] - negatives, 0)))
        positive = as_float32(related) > 0.5
        return against_negatives(logits, positive, ops.logical_not(positive))
