"""Small images of one to three coloured shapes, tagged with the shapes and colours they show.

16 x 16 RGB pixels with noise, on a light or dark background. Later shapes cover earlier ones. A
shape that is less than a quarter visible gives no tag. The confidence of a tag is the largest
visible share of its shapes (for the background: its share of the image), with normal noise of
standard deviation .05. The grade is the confidence in quarters, rounded, but at least 1. Each tag
is in `known` with probability one half.
"""

import os

import numpy as np
import numpy.typing as npt

from demo_data.drawing import SHAPES, png, shape
from demo_data.rows import RowValues, write_rows

SCENES = 2400
SIDE = 16
SEED = 41
COLOURS = {
    "blue": (0.2, 0.3, 0.9),
    "green": (0.2, 0.7, 0.3),
    "red": (0.9, 0.2, 0.2),
    "yellow": (0.9, 0.8, 0.2),
}
GROUNDS = {"dark": 0.15, "light": 0.85}
TAGS = tuple(sorted([*SHAPES, *COLOURS, *GROUNDS]))
VISIBLE = 0.25
"""Smallest visible share of a shape that is tagged."""
PIXEL_NOISE = 0.1
GRADES = 4
START, DAYS = 1_700_000_000, 365
"""Images are taken within DAYS from START, in seconds since 1970."""


def write(folder: str | os.PathLike[str]) -> None:
    """Write the images.

    Each is `id` and `image` (bytes, PNG), `tags` and their subset `known` (bytes), `confidences`
    (float, one a tag, from 0 to 1), `grades` (int64, one a tag, from 1 to 4) and `taken` (int64,
    seconds since 1970; ids are in its order).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "scenes", rows(), shards=4)


def rows() -> list[RowValues]:
    """Generate the images, the same every time."""
    random = np.random.default_rng(SEED)
    taken = np.sort(random.integers(START, START + DAYS * 86_400, SCENES))
    return [
        _scene(number, int(second), random, np.random.default_rng([SEED, number]))
        for number, second in enumerate(taken)
    ]


def _scene(
    number: int, taken: int, random: np.random.Generator, known_random: np.random.Generator
) -> RowValues:
    ground = list(GROUNDS)[random.integers(2)]
    image = np.full((SIDE, SIDE, 3), GROUNDS[ground])
    shapes = []
    top = np.full((SIDE, SIDE), -1)  # The visible shape of each pixel; -1 for none.
    for layer in range(random.integers(1, 4)):
        name = SHAPES[random.integers(len(SHAPES))]
        colour = list(COLOURS)[random.integers(len(COLOURS))]
        row, column = random.uniform(3.5, SIDE - 4.5, 2)
        covered = shape(name, SIDE, row, column, random.uniform(4, 5.5))
        image[covered], top[covered] = COLOURS[colour], layer
        shapes.append((name, colour, covered))
    visible = {ground: float(np.mean(top == -1))}
    for layer, (name, colour, covered) in enumerate(shapes):
        share = float(np.sum(top == layer) / np.sum(covered))
        for tag in (name, colour):
            if share >= VISIBLE:
                visible[tag] = max(visible.get(tag, 0.0), share)
    pixels = png(_noisy(image, random))
    tags = sorted(visible)
    noisy = [np.clip(visible[tag] + random.normal(0, 0.05), 0, 1) for tag in tags]
    confidences = [round(float(confidence), 3) for confidence in noisy]
    return {
        "id": f"scene-{number:04d}",
        "image": pixels,
        "tags": tags,
        "confidences": confidences,
        "taken": taken,
        "grades": [max(1, round(GRADES * confidence)) for confidence in confidences],
        "known": [tag for tag in tags if known_random.random() < 0.5],
    }


def _noisy(image: npt.NDArray[np.float64], random: np.random.Generator) -> npt.NDArray[np.float64]:
    return image + random.normal(0, PIXEL_NOISE, image.shape)
