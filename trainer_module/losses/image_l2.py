"""Squared error of images."""

from relation.numeric.lazy import ops
from trainer_module.losses.base import ImageLoss
from trainer_module.ops import Tensor, as_float32


class ImageL2(ImageLoss):
    """(target − prediction)², the mean over pixels and channels."""

    def __call__(self, targets: Tensor, predictions: Tensor) -> Tensor:
        return ops.mean(ops.square(as_float32(targets) - as_float32(predictions)), axis=(1, 2, 3))
