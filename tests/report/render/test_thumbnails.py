"""Thumbnails: small, of any mode, and None for invalid images."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from components.report.render import thumbnails
from tests.encoded_images import png, tiff


def encoded(mode, size, kind="PNG"):
    buffer = io.BytesIO()
    depth = {"L": 1, "RGB": 3, "RGBA": 4, "CMYK": 4}.get(mode)
    random = np.random.default_rng(0)
    if depth is None:
        image = Image.new(mode, size, 1)
    else:
        values = random.integers(0, 255, (*size[::-1], depth), dtype=np.uint8)
        image = Image.fromarray(values[..., 0] if depth == 1 else values, mode)
    image.save(buffer, kind)
    return buffer.getvalue()


def decoded(uri):
    head, data = uri.split(",")
    return head, Image.open(io.BytesIO(base64.b64decode(data)))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16", "I"])
def test_modes(mode):
    head, image = decoded(thumbnails.thumbnail(encoded(mode, (8, 6))))
    assert head == "data:image/png;base64"
    assert image.size == (8, 6)
    assert image.mode in ("L", "RGB")


def test_a_large_image_is_made_small_and_keeps_its_aspect_ratio():
    head, image = decoded(thumbnails.thumbnail(encoded("RGB", (400, 200), "JPEG")))
    assert head == "data:image/jpeg;base64"
    assert image.size == (96, 48)


def test_even_noise_is_small():
    sizes = [len(thumbnails.thumbnail(encoded("RGB", (side, side)))) for side in (32, 96, 500)]
    assert max(sizes) < 12_000


def test_what_is_transparent_is_white():
    buffer = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(buffer, "PNG")
    assert decoded(thumbnails.thumbnail(buffer.getvalue()))[1].getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    "broken",
    [b"", b"no picture", encoded("RGB", (40, 40))[:200], b"\x89PNG\r\n\x1a\n" + b"\0" * 40],
)
def test_what_cannot_be_decoded(broken):
    assert thumbnails.thumbnail(broken) is None


def test_a_bomb_is_not_decoded():
    assert thumbnails.thumbnail(png(np.zeros((1, 1)), size=(30_000, 30_000))) is None


def test_16_bits_are_scaled_by_their_type_and_not_by_the_image():
    dark = png(np.array([[[0], [0x1100]]]), depth=16)
    assert np.asarray(decoded(thumbnails.thumbnail(dark))[1].convert("L")).tolist() == [[0, 0x11]]


def test_an_image_stands_as_its_camera_was_held():
    pixels = np.arange(6).reshape(2, 3, 1) * 40
    turned = png(pixels, exif=tiff(6))
    shown = np.asarray(decoded(thumbnails.thumbnail(turned))[1].convert("L"))
    assert shown.tolist() == [[120, 0], [160, 40], [200, 80]]


def test_pixels_that_a_model_answers():
    pixels = np.array([[[0.0], [1.0]], [[2.0], [np.nan]]], dtype=np.float32)
    _, image = decoded(thumbnails.of_pixels(pixels))
    assert np.asarray(image).tolist() == [[0, 255], [255, 0]]
