"""Focal loss of tags."""

from pydantic import Field, NonNegativeFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import TagLoss
from trainer_module.ops import Tensor, power, sigmoid_cross_entropy


class Focal(TagLoss):
    """α_t (1 − p_t)^γ · cross-entropy: what is already right counts less.

    p_t = y·p + (1−y)·(1−p) and α_t = y·α + (1−y)·(1−α), also for labels between 0 and 1 (as in
    torchvision and Keras). α = ½ weighs both alike, at half the loss without α.

    Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 5.
    """

    alpha: float = Field(0.25, ge=0, le=1)
    """α, the weight of present tags, against 1 − α of absent ones."""
    gamma: NonNegativeFloat = 2.0
    """γ, the focusing; 0: weighted cross-entropy."""

    def _tags(self, labels: Tensor, logits: Tensor) -> Tensor:
        missed = labels * ops.sigmoid(-logits) + (1.0 - labels) * ops.sigmoid(logits)
        losses = power(missed, self.gamma) * sigmoid_cross_entropy(labels, logits)
        return losses * (labels * self.alpha + (1.0 - labels) * (1.0 - self.alpha))
