"""Encode images as small data URIs for the page."""

import base64
import io
import warnings

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 96
"""Pixels of a thumbnail's longer side; smaller images keep their size."""
_LOSSLESS = 32
"""Images up to this side are stored as PNG, larger ones as JPEG."""


def thumbnail(encoded: bytes) -> str | None:
    """Make a data URI of at most about 12 kB; None if the image cannot be decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(encoded)) as image:
                image.draft("RGB", (SIDE, SIDE))  # Decodes a JPEG at reduced size.
                return _uri(_flat(image))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        return None


def of_pixels(pixels: npt.NDArray[np.float32]) -> str:
    """Make a data URI of pixels in [0, 1], float32 [height, width, channels], 1 or 3 channels."""
    values = np.clip(np.nan_to_num(pixels) * 255, 0, 255).round().astype(np.uint8)
    return _uri(Image.fromarray(values[..., 0] if values.shape[-1] == 1 else values[..., :3]))


def _flat(image: Image.Image) -> Image.Image:
    """Convert the first frame to 8 bits for each channel, on white."""
    if image.mode.startswith("I"):
        values = np.asarray(image, dtype=np.float64)
        image = Image.fromarray((values / max(values.max(), 1) * 255).astype(np.uint8))
    if image.mode == "L":
        return image
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _uri(image: Image.Image) -> str:
    image.thumbnail((SIDE, SIDE))
    kind = "PNG" if max(image.size) <= _LOSSLESS else "JPEG"
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"optimize": True} if kind == "PNG" else {"quality": 78}))
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
