"""Binary cross-entropy of tags."""

from trainer_module.losses.base import TagLoss
from trainer_module.ops import Tensor, sigmoid_cross_entropy


class TagCrossEntropy(TagLoss):
    """−y·log p − (1−y)·log(1−p) of each tag, p = σ(logit), y in [0, 1]; finite for any logit.

    With weights this is weighted cross-entropy: each tag's loss times its weight, then the mean.
    """

    def _tags(self, labels: Tensor, logits: Tensor) -> Tensor:
        return sigmoid_cross_entropy(labels, logits)
