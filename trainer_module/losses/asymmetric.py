"""Asymmetric loss of tags, for many tags when few apply."""

import math

from pydantic import Field, NonNegativeFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import TagLoss
from trainer_module.ops import Tensor, power


class Asymmetric(TagLoss):
    """−y (1−p)^γ⁺ log p − (1−y) q^γ⁻ log(1−q), q = max(0, p − `clip`), of each tag.

    Negatives are focused more than positives, and those below `clip` are dropped. Gradients flow
    through the focusing factors as in the paper (its code, and timm, can stop them).

    Ridnik et al., "Asymmetric Loss For Multi-Label Classification", ICCV 2021, equations 4 to 7;
    a mean over tags where the code sums.
    """

    gamma_negative: NonNegativeFloat = 4.0
    """γ⁻, focusing of negatives; 0: none."""
    gamma_positive: NonNegativeFloat = 1.0
    """γ⁺, focusing of positives; 0: none."""
    clip: float = Field(0.05, ge=0, lt=1)
    """Probability below which negatives are dropped."""

    def _tags(self, labels: Tensor, logits: Tensor) -> Tensor:
        shifted = ops.relu(ops.sigmoid(logits) - self.clip)
        hit = power(ops.sigmoid(-logits), self.gamma_positive) * ops.softplus(-logits)
        miss = power(shifted, self.gamma_negative) * self._surprise(logits)
        return labels * hit + (1.0 - labels) * miss

    def _surprise(self, logits: Tensor) -> Tensor:
        """Return −log(1 − q) = −log min(1, σ(−x) + clip) of logits x; finite for any logit.

        [batch, tags] -> [batch, tags], float32 or float64 as the logits.
        """
        log_rest = -ops.softplus(logits)
        if self.clip:
            log_rest = ops.minimum(ops.logaddexp(log_rest, math.log(self.clip)), 0.0)
        return -log_rest
