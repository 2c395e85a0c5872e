"""One decoder: every format and channels give the right pixels, or are refused everywhere."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from relation.features.images.decode import decode_image, decode_images, image_fault
from relation.features.images.readable import readable
from tests import encoded_images
from tests.encoded_images import GREY_ALPHA, PALETTE, RGB, RGBA, png, saved

RNG = np.random.default_rng(0)
SHAPE = (5, 6)
BYTES = RNG.integers(0, 256, (*SHAPE, 4), dtype=np.uint8)
SMOOTH = np.asarray(Image.fromarray(BYTES[:2, :2, :3]).resize((16, 16)))
COLOURS = RNG.integers(0, 256, (16, 3), dtype=np.uint8)
INDICES = RNG.integers(0, 16, (*SHAPE, 1))
ALPHAS = np.array([0, 7, 255] + 13 * [255], np.uint8)
DEEP = RNG.integers(0, 2**16, (*SHAPE, 3))


def _rgba(colour, alpha=255):
    """uint8 [h, w, 4] of grey or colours [h, w, 1 or 3], and alphas."""
    colour = np.broadcast_to(colour, (*colour.shape[:2], 3))
    return np.dstack([colour, np.broadcast_to(alpha, colour.shape[:2])]).astype(np.uint8)


def _few_bits(depth):
    samples = RNG.integers(0, 2**depth, (*SHAPE, 1))
    return png(samples, depth=depth), _rgba(samples * (255 // (2**depth - 1)))


def _pngs():
    """Name -> (bytes, RGBA by the standard; of 16 bits the upper 8)."""
    grey, colour = BYTES[..., :1], BYTES[..., :3]
    yield "grey", png(grey), _rgba(grey)
    for depth in (1, 2, 4):
        yield f"grey of {depth} bits", *_few_bits(depth)
    yield "grey of 16 bits", png(DEEP[..., :1], depth=16), _rgba(DEEP[..., :1] >> 8)
    yield "grey and alpha", png(BYTES[..., :2], GREY_ALPHA), _rgba(grey, BYTES[..., 1])
    deep = png(DEEP[..., :2], GREY_ALPHA, 16)
    yield "grey and alpha of 16 bits", deep, _rgba(DEEP[..., :1] >> 8, DEEP[..., 1] >> 8)
    yield "colour", png(colour, RGB), _rgba(colour)
    yield "colour of 16 bits", png(DEEP, RGB, 16), _rgba(DEEP >> 8)
    yield "colour and alpha", png(BYTES, RGBA), BYTES
    for depth in (4, 8):
        indexed = png(INDICES, PALETTE, depth, COLOURS)
        yield f"palette of {depth} bits", indexed, _rgba(COLOURS[INDICES[..., 0]])
    indexed = png(INDICES, PALETTE, 4, COLOURS, transparent=ALPHAS.tobytes())
    yield "palette and alpha", indexed, _rgba(COLOURS[INDICES[..., 0]], ALPHAS[INDICES[..., 0]])
    see_through = png(grey, transparent=b"\0" + grey[0, 0].tobytes())
    yield "a transparent grey", see_through, _rgba(grey, 255 * (grey != grey[0, 0])[..., 0])
    see_through = png(colour, RGB, transparent=b"".join(bytes([0, c]) for c in colour[1, 2]))
    yield (
        "a transparent colour",
        see_through,
        _rgba(colour, 255 * (colour != colour[1, 2]).any(axis=2)),
    )
    yield "interlaced grey", png(grey, interlaced=True), _rgba(grey)
    yield "interlaced colour", png(colour, RGB, interlaced=True), _rgba(colour)


def _jpegs():
    """Name -> (bytes, RGBA as Pillow decodes them, which may differ by rounding)."""
    for name, encoded in {
        "JPEG": saved(SMOOTH, "JPEG", quality=90),
        "JPEG of halved colours": saved(SMOOTH, "JPEG", quality=90, subsampling=2),
        "grey JPEG": saved(SMOOTH[..., 0], "JPEG"),
        "progressive JPEG": saved(SMOOTH, "JPEG", progressive=True),
        "CMYK JPEG": saved(SMOOTH, "JPEG", "CMYK", quality=95),
    }.items():
        yield name, encoded, np.asarray(Image.open(io.BytesIO(encoded)).convert("RGBA"))


EXACT, NEAR = list(_pngs()), list(_jpegs())
FORMATS = {name: encoded for name, encoded, _ in [*EXACT, *NEAR]}
OTHERS = {kind: saved(SMOOTH, kind) for kind in ("GIF", "BMP", "WEBP", "TIFF")}


def _channels(rgba, channels):
    if channels == 1:  # Luma of ITU-R BT.601.
        return (rgba[..., :3] @ [0.299, 0.587, 0.114])[..., None]
    return rgba[..., :channels]


def _batch(encoded, height, width, channels):
    """What training and signatures see, as bytes."""
    return decode_images(tf.constant([encoded]), height, width, channels).numpy()[0] * 255


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_png_has_the_pixels_of_the_standard(channels):
    for name, encoded, rgba in EXACT:
        expected = _channels(rgba, channels)
        assert image_fault(encoded) is None, name
        assert readable(tf.constant([encoded])).numpy().all(), name
        rounding = 0.51 if channels == 1 else 0.01
        for actual in (decode_image(encoded, channels), _batch(encoded, *SHAPE, channels)):
            np.testing.assert_allclose(actual, expected, atol=rounding, err_msg=name)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_jpeg_has_the_pixels_that_another_library_gives(channels):
    for name, encoded, rgba in NEAR:
        expected = _channels(rgba, channels)
        assert image_fault(encoded) is None, name
        assert readable(tf.constant([encoded])).numpy().all(), name
        for actual in (decode_image(encoded, channels), _batch(encoded, 16, 16, channels)):
            np.testing.assert_allclose(actual, expected, atol=10, err_msg=name)


@pytest.mark.parametrize("kind", OTHERS)
def test_other_formats_are_refused_everywhere(kind):
    encoded = OTHERS[kind]
    assert image_fault(encoded) == "image_undecodable"
    assert not readable(tf.constant([encoded])).numpy().any()
    with pytest.raises(ValueError, match="image_undecodable"):
        decode_image(encoded, 3)


def test_a_ramp_of_16_bits_keeps_256_levels():
    ramp = np.arange(2**16).reshape(256, 256, 1)
    pixels = decode_image(png(ramp, depth=16), 1)
    assert (pixels == (ramp >> 8)).all()


def test_a_batch_of_all_formats_is_decoded_as_one_by_one():
    batch = list(FORMATS.values())
    together = decode_images(tf.constant(batch), 7, 9, 3).numpy()
    for encoded, actual in zip(batch, together, strict=True):
        alone = decode_images(tf.constant([[encoded]]), 7, 9, 3).numpy()[0]
        assert (actual == alone).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_no_images_and_no_bytes(channels):
    assert decode_images(tf.constant([], tf.string), 4, 5, channels).shape == (0, 4, 5, channels)
    function = tf.function(lambda encoded: decode_images(encoded, 4, 5, channels))
    assert function(tf.zeros((0, 1), tf.string)).shape == (0, 4, 5, channels)
    assert not decode_images(tf.constant([""]), 4, 5, channels).numpy()[..., :3].any()


ORIENTED = RNG.integers(0, 256, (8, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_exif_says(orientation, order):
    exif = encoded_images.tiff(orientation, order)
    plain = saved(ORIENTED, "JPEG", quality=95)
    for encoded, pixels in (
        (png(ORIENTED, RGB, exif=exif), ORIENTED),
        (encoded_images.with_exif(plain, exif), decode_image(plain, 3)),
    ):
        expected = encoded_images.turned(pixels, orientation)
        assert (decode_image(encoded, 3) == expected).all()
        height, width = expected.shape[:2]
        both = decode_images(tf.constant([encoded, plain]), height, width, 3).numpy() * 255
        np.testing.assert_allclose(both[0], expected, atol=0.01)


def test_exif_is_read_where_it_is_and_nowhere_else():
    plain, six = saved(ORIENTED, "JPEG"), encoded_images.tiff(6)
    before = encoded_images.segment(0xE2, b"Exif\0\0 is named, but this is no EXIF") + b"\xff" * 3
    filled = encoded_images.with_exif(plain, six, before)
    assert decode_image(filled, 3).shape == (16, 8, 3)
    for unturned in (
        encoded_images.with_exif(plain, b""),
        encoded_images.with_exif(plain, six[:12]),
        encoded_images.with_exif(plain, b"MM\0*\xff\xff\xff\xff" + six[8:]),
        encoded_images.with_exif(plain, encoded_images.tiff(0)),
        encoded_images.with_exif(plain, encoded_images.tiff(9)),
        plain + b"\xff\xe1\0\x30Exif\0\0" + six,
    ):
        assert decode_image(unturned, 3).shape == (8, 16, 3)
    other = png(ORIENTED, RGB)
    behind = other[:-12] + encoded_images.chunk(b"eXIf", six) + other[-12:]
    assert decode_image(behind, 3).shape == (16, 8, 3)


def test_pillow_agrees_on_what_a_camera_writes():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x0132] = "Maker", 8, "2024:01:01 00:00:00"
    encoded = saved(ORIENTED, "JPEG", exif=exif, quality=95)
    shown = np.asarray(Image.open(io.BytesIO(encoded)).transpose(Image.Transpose.ROTATE_90))
    np.testing.assert_allclose(decode_image(encoded, 3), shown, atol=10)
