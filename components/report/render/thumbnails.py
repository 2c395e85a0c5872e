"""Encode images as small data URIs for the page."""

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from relation.features.images.decode import decode_image

SIDE = 96
"""Pixels of a thumbnail's longer side; smaller images keep their size."""
_LOSSLESS = 32
"""Images up to this side are stored as PNG, larger ones as JPEG."""


def thumbnail(encoded: bytes) -> str | None:
    """Make a data URI of at most about 12 kB, on white; None if the image cannot be decoded."""
    try:
        pixels = decode_image(encoded, 4)
    except ValueError:
        return None
    image = Image.fromarray(pixels)
    white = Image.new("RGBA", image.size, "white")
    return _uri(Image.alpha_composite(white, image).convert("RGB"))


def of_pixels(pixels: npt.NDArray[np.float32]) -> str:
    """Make a data URI of pixels in [0, 1], float32 [height, width, channels], 1 or 3 channels."""
    values = np.clip(np.nan_to_num(pixels) * 255, 0, 255).round().astype(np.uint8)
    return _uri(Image.fromarray(values[..., 0] if values.shape[-1] == 1 else values[..., :3]))


def _uri(image: Image.Image) -> str:
    image.thumbnail((SIDE, SIDE))
    kind = "PNG" if max(image.size) <= _LOSSLESS else "JPEG"
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"optimize": True} if kind == "PNG" else {"quality": 78}))
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
