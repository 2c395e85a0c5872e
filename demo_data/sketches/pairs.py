"""Synthetic photographs, each with a drawing of what it shows: the label is an image.

A photograph has 32 x 32 RGB pixels: two to four shapes of any colour on a background with a colour
gradient, and normal noise of standard deviation .12. Later shapes cover earlier ones. The drawing
has 32 x 32 grey pixels: the visible outlines of the shapes, white on black. It has no id; no two
drawings are equal.
"""

import os

import numpy as np
import numpy.typing as npt

from demo_data.drawing import SHAPES, png, shape
from demo_data.rows import RowValues, write_rows

SKETCHES = 1500
SIDE = 32
SEED = 51
NOISE = 0.12


def write(folder: str | os.PathLike[str]) -> None:
    """Write the pairs: `image_id`, `image_image` (the photograph), `target_image` (the drawing).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "sketches", rows(), shards=4)


def rows() -> list[RowValues]:
    """Generate the pairs, the same every time."""
    random = np.random.default_rng(SEED)
    return [_pair(number, random) for number in range(SKETCHES)]


def _pair(number: int, random: np.random.Generator) -> RowValues:
    fade = np.linspace(0, 1, SIDE)[:, None, None]
    ground = (1 - fade) * random.random(3) + fade * random.random(3)
    photograph = np.repeat(ground, SIDE, axis=1)
    top = np.zeros((SIDE, SIDE), np.int64)  # The visible shape of each pixel; 0 for none.
    for layer in range(1, random.integers(3, 6)):
        name = SHAPES[random.integers(len(SHAPES))]
        row, column = random.uniform(5, SIDE - 6, 2)
        covered = shape(name, SIDE, row, column, random.uniform(5, 9))
        photograph[covered], top[covered] = random.random(3), layer
    noise = random.normal(0, NOISE, photograph.shape)
    return {
        "image_id": f"photograph-{number:04d}",
        "image_image": png(photograph + noise),
        "target_image": png(_lines(top)),
    }


def _lines(top: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return 1 where the pixel below or to the right belongs to another shape, else 0.

    Args:
      top: the visible shape of each pixel, int64 [height, width].

    Returns:
      float64 [height, width].
    """
    lines = np.zeros(top.shape)
    lines[:-1][top[:-1] != top[1:]] = 1
    lines[:, :-1][top[:, :-1] != top[:, 1:]] = 1
    return lines
