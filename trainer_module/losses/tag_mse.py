"""Squared error of the confidence in tags."""

from relation.numeric.lazy import ops
from trainer_module.losses.base import TagLoss
from trainer_module.ops import Tensor


class TagMse(TagLoss):
    """(y − p)² of each tag, p = σ(logit): the Brier score, for labels that are confidences."""

    def _tags(self, labels: Tensor, logits: Tensor) -> Tensor:
        return ops.square(labels - ops.sigmoid(logits))
