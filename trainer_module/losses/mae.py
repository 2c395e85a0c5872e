"""Mean absolute error of relatedness."""

from keras import ops

from trainer_module.ops import Tensor, wide
from trainer_module.registry import Loss


class Mae(Loss):
    """|y − s| of any real label y and relatedness s; comparisons of one tuple are averaged.

    The gradient where they are equal is 0.
    """

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        return ops.mean(ops.abs(wide(related) - wide(relatedness)), axis=-1)
