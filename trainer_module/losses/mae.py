"""Mean absolute error of relatedness."""

from typing import ClassVar

from relation.numeric.lazy import ops
from trainer_module.losses.base import TupleLoss
from trainer_module.ops import Tensor, as_float32


class Mae(TupleLoss):
    """|y − s| of any real label y and relatedness s; comparisons of one tuple are averaged.

    The gradient where they are equal is 0.
    """

    needs_values: ClassVar[bool] = True

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        return ops.mean(ops.abs(as_float32(related) - as_float32(relatedness)), axis=-1)
