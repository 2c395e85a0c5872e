"""Metrics of predicted images against their targets: pure functions.

Every metric takes

    predicted: floats [n, pixels], rows of an image one after the other, channels last; in [0, 1]
    expected: the same
    weights: of images, floats [n], or None

and is the (weighted) mean over images; NaN without images, or where a pixel is not finite.
"""

import functools
from collections.abc import Callable

import numpy as np

from trainer_module.metrics.statistics import NAN, Floats, mean

ON = 0.5
"""A pixel of this value or more belongs to the mask."""
MOST_PSNR = 100.0
"""The value for equal images, in decibels: that of a mean squared error of 1e-10."""
_WINDOW = 7
_C1, _C2 = 0.01**2, 0.03**2

_Each = Callable[[Floats, Floats], Floats]


def _averaged(each: _Each) -> Callable[[Floats, Floats, Floats | None], float]:
    """Decorate a measure of each image, [n], to return the mean over images."""

    @functools.wraps(each)
    def of(predicted: Floats, expected: Floats, weights: Floats | None = None) -> float:
        if not len(predicted) or not np.isfinite(predicted).all():
            return NAN
        return mean(each(predicted.astype(np.float64), expected.astype(np.float64)), weights)

    return of


@_averaged
def iou(predicted: Floats, expected: Floats) -> Floats:
    """Intersection over union of the masks; 1 where both are empty (Jaccard).

    Args:
      predicted: float64 [n, pixels].
      expected: float64 [n, pixels].

    Returns:
      The value of each image, float64 [n]; the decorator averages it to a scalar.
    """
    both, either = _overlap(predicted, expected)
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)


@_averaged
def dice(predicted: Floats, expected: Floats) -> Floats:
    """2·intersection / (pixels of both masks); 1 where both are empty (F1 of pixels).

    Args and Returns: see `iou`, float64 [n, pixels] twice -> float64 [n].
    """
    both, either = _overlap(predicted, expected)
    return np.where(either > 0, 2 * both / np.maximum(both + either, 1), 1.0)


@_averaged
def psnr(predicted: Floats, expected: Floats) -> Floats:
    """Peak signal-to-noise ratio in decibels: −10·log₁₀ of the mean squared error; at most 100.

    Args and Returns: see `iou`, float64 [n, pixels] twice -> float64 [n].
    """
    errors = ((predicted - expected) ** 2).mean(axis=1)
    return -10 * np.log10(np.maximum(errors, 10 ** (-MOST_PSNR / 10)))


def ssim(
    predicted: Floats,
    expected: Floats,
    shape: tuple[int, int, int] | None,
    weights: Floats | None = None,
) -> float:
    """Structural similarity in [−1, 1] (Wang et al. 2004), mean over channels and 7 × 7 windows.

    As `skimage.metrics.structural_similarity` with its defaults and a range of 1.

    Args:
      shape: height, width and channels; NaN if unknown, or less than 7 high or wide.
    """
    if shape is None or min(shape[:2]) < _WINDOW:
        return NAN
    return _averaged(functools.partial(_ssim, shape))(predicted, expected, weights)


def _ssim(shape: tuple[int, int, int], predicted: Floats, expected: Floats) -> Floats:
    # Imported here, because it is slow and reading names does not need it.
    from scipy.ndimage import uniform_filter

    def local(values: Floats) -> Floats:
        blurred = uniform_filter(values, size=(1, _WINDOW, _WINDOW, 1))
        edge = _WINDOW // 2
        return blurred[:, edge:-edge, edge:-edge]

    x, y = (values.reshape(len(values), *shape) for values in (predicted, expected))
    sample = _WINDOW**2 / (_WINDOW**2 - 1)
    mean_x, mean_y = local(x), local(y)
    variances = sample * (local(x * x) - mean_x**2 + local(y * y) - mean_y**2)
    covariance = sample * (local(x * y) - mean_x * mean_y)
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    structure = (2 * covariance + _C2) / (variances + _C2)
    return (luminance * structure).mean(axis=(1, 2, 3))


def _overlap(predicted: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Number of pixels in both masks, and in either, [n] each."""
    one, other = predicted >= ON, expected >= ON
    return (one & other).sum(axis=1), (one | other).sum(axis=1)
