"""Absolute error of the confidence in tags."""

from relation.numeric.lazy import ops
from trainer_module.losses.base import TagLoss
from trainer_module.ops import Tensor


class TagMae(TagLoss):
    """|y − p| of each tag, p = σ(logit); it aims at the median of noisy confidences."""

    def _tags(self, labels: Tensor, logits: Tensor) -> Tensor:
        return ops.abs(labels - ops.sigmoid(logits))
