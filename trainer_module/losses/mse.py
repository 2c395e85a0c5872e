"""Mean squared error of relatedness."""

from typing import ClassVar

from relation.numeric.lazy import ops
from trainer_module.losses.base import TupleLoss
from trainer_module.ops import Tensor, as_float32


class Mse(TupleLoss):
    """(y − s)² of any real label y and relatedness s; comparisons of one tuple are averaged."""

    needs_values: ClassVar[bool] = True

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        return ops.mean(ops.square(as_float32(related) - as_float32(relatedness)), axis=-1)
