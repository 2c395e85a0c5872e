"""Binary cross-entropy of a logit."""

from typing import ClassVar

from keras import ops

from trainer_module.ops import Tensor, sigmoid_cross_entropy, wide
from trainer_module.registry import Loss


class BinaryCrossEntropy(Loss):
    """−y·log σ(s) − (1−y)·log(1−σ(s)), y = related (0, 1, or between), s = relatedness as a logit.

    Finite for any logit. Several comparisons of one tuple are averaged.
    """

    reads_logits: ClassVar[bool] = True

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        losses = sigmoid_cross_entropy(wide(related), wide(relatedness))
        return ops.mean(losses, axis=-1)
