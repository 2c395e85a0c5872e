"""Losses of images against SSIM by explicit windows, in float64."""

import numpy as np
import pytest
from pydantic import ValidationError

from tests.trainer_module.losses.helpers import gradient, value
from trainer_module.losses.image_l1 import ImageL1
from trainer_module.losses.image_l2 import ImageL2
from trainer_module.losses.image_mixture import ImageMixture
from trainer_module.losses.image_ssim import ImageSsim

RNG = np.random.default_rng(5)
X = RNG.uniform(size=(3, 13, 12, 2))
Y = np.clip(X + RNG.normal(size=X.shape) * 0.2, 0, 1)
ALL = [ImageL1(), ImageL2(), ImageSsim(), ImageMixture()]
every_loss = pytest.mark.parametrize("loss", ALL, ids=lambda loss: type(loss).__name__)


def _ssim(x, y, window=11, sigma=1.5) -> float:
    """Of one channel: the mean over every place of the window."""
    at = np.arange(window) - (window - 1) / 2
    weights = np.exp(-(at[:, None] ** 2 + at[None, :] ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    c1, c2, values = 0.01**2, 0.03**2, []
    for i in range(x.shape[0] - window + 1):
        for j in range(x.shape[1] - window + 1):
            a, b = x[i : i + window, j : j + window], y[i : i + window, j : j + window]
            ma, mb = (weights * a).sum(), (weights * b).sum()
            va, vb = (weights * (a - ma) ** 2).sum(), (weights * (b - mb) ** 2).sum()
            cov = (weights * (a - ma) * (b - mb)).sum()
            values.append(
                (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
            )
    return np.mean(values)


def _of_images(**parameters) -> np.ndarray:
    return np.array(
        [
            1 - np.mean([_ssim(x[..., c], y[..., c], **parameters) for c in (0, 1)])
            for x, y in zip(X, Y, strict=True)
        ]
    )


@pytest.mark.parametrize("parameters", [{}, {"window": 7}, {"window": 4, "sigma": 0.8}])
def test_ssim_is_the_mean_over_windows(parameters):
    loss = ImageSsim(**parameters)
    np.testing.assert_allclose(value(loss, X, Y), _of_images(**parameters), atol=1e-5)


def test_differences_average_pixels_and_channels():
    np.testing.assert_allclose(value(ImageL1(), X, Y), np.abs(X - Y).mean((1, 2, 3)), atol=1e-6)
    np.testing.assert_allclose(value(ImageL2(), X, Y), ((X - Y) ** 2).mean((1, 2, 3)), atol=1e-6)


def test_a_mixture_weighs_its_parts():
    parts = [np.abs(X - Y).mean((1, 2, 3)), ((X - Y) ** 2).mean((1, 2, 3)), _of_images(window=7)]
    loss = ImageMixture(l1=0.5, l2=2.0, ssim=3.0, window=7)
    expected = 0.5 * parts[0] + 2 * parts[1] + 3 * parts[2]
    np.testing.assert_allclose(value(loss, X, Y), expected, atol=1e-5)
    only = ImageMixture(l1=0, l2=2.0, ssim=0, window=99)  # Unused, the window may be too large.
    np.testing.assert_allclose(value(only, X, Y), 2 * parts[1], atol=1e-5)


def test_a_mixture_of_nothing_is_refused():
    with pytest.raises(ValidationError, match="must be greater than 0"):
        ImageMixture(l1=0, l2=0, ssim=0)


def test_an_image_smaller_than_the_window_is_told():
    with pytest.raises(ValueError, match="an image of 13×12 is smaller than the window of 13"):
        value(ImageSsim(window=13), X, Y)


@every_loss
def test_equal_images_cost_nothing_and_have_a_finite_gradient(loss):
    for image in (X, np.zeros_like(X), np.ones_like(X)):
        np.testing.assert_allclose(value(loss, image, image), 0.0, atol=1e-6)
        assert np.all(np.isfinite(gradient(loss, image, image)))


@every_loss
def test_more_noise_costs_more(loss):
    noise = RNG.normal(size=X.shape)
    costs = [value(loss, X, X + scale * noise) for scale in (0.0, 0.05, 0.2, 0.8)]
    assert np.all(np.diff(costs, axis=0) > 0)


@every_loss
def test_images_do_not_know_of_each_other(loss):
    alone = [value(loss, X[i : i + 1], Y[i : i + 1])[0] for i in range(3)]
    np.testing.assert_allclose(value(loss, X, Y), alone, atol=1e-6)


@every_loss
def test_a_step_down_the_gradient_costs_less(loss):
    slope = gradient(loss, X, Y)
    step = 1e-2 / np.abs(slope).max()
    assert np.all(value(loss, X, Y - step * slope) < value(loss, X, Y))


@every_loss
def test_float16_costs_what_float64_does(loss):
    x, y = np.float16(X), np.float16(Y)
    np.testing.assert_allclose(
        value(loss, x, y, dtype="float16"), value(loss, x, y, dtype="float64"), atol=1e-5
    )
    assert np.all(np.isfinite(gradient(loss, x, y, dtype="float16")))
