"""Mean squared error of relatedness."""

from keras import ops

from trainer_module.ops import Tensor, wide
from trainer_module.registry import Loss


class Mse(Loss):
    """(y − s)² of any real label y and relatedness s; comparisons of one tuple are averaged."""

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        return ops.mean(ops.square(wide(related) - wide(relatedness)), axis=-1)
