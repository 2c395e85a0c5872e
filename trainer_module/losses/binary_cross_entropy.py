"""Binary cross-entropy of a logit."""

from typing import ClassVar

from relation.numeric.lazy import ops
from trainer_module.losses.base import TupleLoss
from trainer_module.ops import Tensor, as_float32, sigmoid_cross_entropy


class BinaryCrossEntropy(TupleLoss):
    """−y·log σ(s) − (1−y)·log(1−σ(s)), y = related (0, 1, or between), s = relatedness as a logit.

    Finite for any logit. Several comparisons of one tuple are averaged.
    """

    needs_logits: ClassVar[bool] = True

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        losses = sigmoid_cross_entropy(as_float32(related), as_float32(relatedness))
        return ops.mean(losses, axis=-1)
