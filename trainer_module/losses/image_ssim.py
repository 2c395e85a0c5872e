"""Structural similarity of images."""

import numpy as np
from pydantic import Field, PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import ImageLoss
from trainer_module.ops import Tensor, as_float32

_C1, _C2 = 0.01**2, 0.03**2
"""The paper's constants for values in [0, 1]."""


class ImageSsim(ImageLoss):
    """1 − SSIM, the mean over all positions of the window and over channels; in [0, 2].

    SSIM = (2μ_x μ_y + C₁)(2σ_xy + C₂) / ((μ_x² + μ_y² + C₁)(σ_x² + σ_y² + C₂)), moments under a
    Gaussian window that lies within the image (as tf.image.ssim), K₁ = .01, K₂ = .03, range 1.

    Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE
    TIP 2004, equation 13.
    """

    window: int = Field(11, ge=1, le=1000)
    """Pixels a side of the window; an image must be at least as large."""
    sigma: PositiveFloat = 1.5
    """Standard deviation of the Gaussian, in pixels."""

    def __call__(self, targets: Tensor, predictions: Tensor) -> Tensor:
        x, y = as_float32(targets), as_float32(predictions)
        height, width = x.shape[1:3]
        if min(height, width) < self.window:
            raise ValueError(
                f"image_ssim: an image of {height}×{width} is smaller than the window of "
                f"{self.window}; set `window`"
            )
        mean_x, mean_y = self._blur(x), self._blur(y)
        variances = self._blur(x * x + y * y) - mean_x * mean_x - mean_y * mean_y
        covariance = self._blur(x * y) - mean_x * mean_y
        luminance = (2.0 * mean_x * mean_y + _C1) / (mean_x * mean_x + mean_y * mean_y + _C1)
        structure = (2.0 * covariance + _C2) / (variances + _C2)
        return 1.0 - ops.mean(luminance * structure, axis=(1, 2, 3))

    def _blur(self, x: Tensor) -> Tensor:
        """Means under the window, of each channel alone.

        [batch, height, width, channels] -> [batch, height − window + 1, width − window + 1,
        channels], in the dtype of x. The window is separable: height is averaged first, then width.
        """
        offsets = np.arange(self.window) - (self.window - 1) / 2
        weights = np.exp(-0.5 * (offsets / self.sigma) ** 2)
        line = np.tile((weights / weights.sum())[:, None, None], (1, x.shape[3], 1))
        kernel = ops.cast(ops.convert_to_tensor(line), x.dtype)
        rows = ops.depthwise_conv(x, ops.expand_dims(kernel, 1), data_format="channels_last")
        return ops.depthwise_conv(rows, ops.expand_dims(kernel, 0), data_format="channels_last")
