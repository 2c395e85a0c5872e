"""A weighted mixture of losses of images."""

from pydantic import Field, NonNegativeFloat, model_validator

from relation.numeric.lazy import ops
from trainer_module.losses.base import ImageLoss
from trainer_module.losses.image_l1 import ImageL1
from trainer_module.losses.image_l2 import ImageL2
from trainer_module.losses.image_ssim import ImageSsim
from trainer_module.ops import Tensor


class ImageMixture(ImageLoss):
    """l1 · L1 + l2 · L2 + ssim · (1 − SSIM): at least one weight is not 0.

    Zhao et al., "Loss Functions for Image Restoration with Neural Networks", IEEE TCI 2017, mix
    .84 of (multi-scale) SSIM and .16 of L1.
    """

    l1: NonNegativeFloat = 0.16
    """Weight of the L1 loss."""
    l2: NonNegativeFloat = 0.0
    """Weight of the L2 loss."""
    ssim: NonNegativeFloat = 0.84
    """Weight of 1 − SSIM."""
    window: int = Field(ImageSsim().window, ge=1, le=1000)
    """Pixels a side of the window of SSIM; an image must be at least as large."""

    @model_validator(mode="after")
    def _some_weight(self) -> "ImageMixture":
        if not (self.l1 or self.l2 or self.ssim):
            raise ValueError("one of `l1`, `l2` and `ssim` must be greater than 0")
        return self

    def __call__(self, targets: Tensor, predictions: Tensor) -> Tensor:
        parts = (
            (self.l1, ImageL1()),
            (self.l2, ImageL2()),
            (self.ssim, ImageSsim(window=self.window)),
        )
        return ops.sum(
            ops.stack([weight * loss(targets, predictions) for weight, loss in parts if weight]),
            axis=0,
        )
