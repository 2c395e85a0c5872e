"""Draw shapes on a grid of pixels, and encode PNG."""

import io
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

Mask: TypeAlias = npt.NDArray[np.bool_]
"""[height, width]: which pixels a shape covers."""

SHAPES = ("cross", "disc", "ring", "square", "triangle")


def shape(name: str, side: int, row: float, column: float, radius: float) -> Mask:
    """Return the pixels of a square grid that a shape covers.

    Args:
      name: one of `SHAPES`.
      side: height and width of the grid.
      row: row of the centre; pixel 0 has its centre at 0.
      column: column of the centre.
      radius: from the centre to the edge, in pixels.
    """
    y, x = np.mgrid[:side, :side].astype(np.float64)
    y, x = (y - row) / radius, (x - column) / radius
    far, square = np.hypot(y, x), np.maximum(abs(y), abs(x))
    covered = {
        "cross": (square <= 1) & (np.minimum(abs(y), abs(x)) <= 0.3),
        "disc": far <= 1,
        "ring": (far <= 1) & (far >= 0.55),
        "square": square <= 0.9,
        "triangle": (y <= 0.8) & (y >= 2 * abs(x) - 1),
    }
    return covered[name]


def png(image: npt.NDArray[np.float64]) -> bytes:
    """Encode an image with values from 0 to 1, [height, width] or [height, width, 3], as PNG."""
    encoded = io.BytesIO()
    Image.fromarray(np.rint(image.clip(0, 1) * 255).astype(np.uint8)).save(encoded, format="PNG")
    return encoded.getvalue()
