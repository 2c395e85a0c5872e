"""Binary cross-entropy of a logit."""

from typing import ClassVar

from keras import ops

from trainer_module.numerics import Tensor
from trainer_module.parts import Loss


class BinaryCrossEntropy(Loss):
    """−y·log σ(s) − (1−y)·log(1−σ(s)), y = related, s = relatedness as a logit.

    Written as max(s, 0) − s·y + log1p(exp(−|s|)), finite for any logit. Several comparisons of one
    tuple are averaged.
    """

    heads: ClassVar[frozenset[str] | None] = frozenset({"logistic_distance"})

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        losses = (
            ops.maximum(relatedness, 0.0)
            - relatedness * related
            + ops.log1p(ops.exp(-ops.abs(relatedness)))
        )
        return ops.mean(losses, axis=-1)
