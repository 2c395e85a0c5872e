"""Towers and training for the columns and the number of rows that there are."""

import io
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from pipeline.new.choice import Choice
from pipeline.new.rows.kinds import Kind, Profile

MOST_PIXELS = 64
"""Of a side: larger images are made smaller, so that training takes minutes on two cores."""
FAR = 6.0
"""Standard deviations from the mean, from which numbers are ranked."""
TUPLES = 4000
"""Tuples that are drawn at least in an epoch, where rows are few."""
_SAMPLED_IMAGES = 50


def tower(features: Sequence[Profile], normalize: bool = True) -> Choice:
    """A tower for the features of an entity type.

    Args:
      features: columns that enter it; at least one.
      normalize: whether embeddings are divided by their length, as comparisons of them want it. A
        perceptron over them learns more from them as they are.
    """
    length = {} if normalize else {"normalize": False}
    kinds = {one.kind for one in features}
    listed = ", ".join(repr(one.name) for one in features[:4]) + (
        ", …" if len(features) > 4 else ""
    )
    if Kind.IMAGE in kinds:
        image = next(one for one in features if one.kind is Kind.IMAGE)
        height, width, channels = image_size(image.column.values)
        filters = [32, 64] if max(height, width) <= 16 else [16, 32, 64]
        parameters = {"type": "cnn", "height": height, "width": width, "channels": channels}
        return Choice(
            {**parameters, "filters": filters, "dense": [128], "dropout": 0.2, "shift": 0.1}
            | {"embedding": 64, **length},
            f"A small convolutional network: {image.name!r} is an image. Sizes are those of the "
            f"images that were looked at, at most {MOST_PIXELS} pixels a side.",
            "larger height and width, if details matter; {type: backbone} with a network of "
            "keras.applications and its weights in a file; flip: horizontal, if mirrored images "
            "mean the same (docs/reference/towers.md).",
        )
    return Choice(
        {"type": "dense", "dense": [64], "embedding": 32, "dropout": 0.1, **length},
        f"Columns ({listed}) enter a dense layer side by side; texts as bags of words.",
        "{type: sequence} reads the order of words; bins: 16 learns thresholds as trees do; more "
        "units in dense (docs/reference/towers.md).",
    )


def numbers(features: Sequence[Profile]) -> Choice | None:
    """How numbers are scaled; None where there are none."""
    columns = [one.column for one in features if one.kind is Kind.NUMBER]
    if not columns:
        return None
    far = [column.name for column in columns if _farthest(column.values) > FAR]
    if far:
        return Choice(
            "ranks",
            f"{far[0]!r} has values more than {FAR:.0f} standard deviations from its mean: ranks "
            "do not mind.",
            "z_scores keep distances between values.",
        )
    return Choice("z_scores", "No number is far from the others.", "ranks, for skewed numbers.")


def _farthest(values: Sequence[Any]) -> float:
    array = np.asarray([value for value in values if not isinstance(value, bytes)], np.float64)
    array = array[np.isfinite(array)]
    deviation = float(array.std()) if len(array) else 0.0
    return float(np.abs(array - array.mean()).max() / deviation) if deviation else 0.0


def training(tuples: float, images: bool = False) -> Choice:
    """Training that ends in minutes on two cores."""
    epochs = 20 if images else 30
    batch = 64 if tuples <= 20_000 else 256
    return Choice(
        {"epochs": epochs, "batch_size": batch, "learning_rate": 0.001, "patience": 5, "seed": 1},
        f"About {tuples:,.0f} tuples an epoch. Training stops after 5 epochs without a lower "
        "validation loss.",
        "learning_rate, batch_size and more under `tuning` (docs/training.md).",
    )


def per_anchor(anchors: float, least: int = 2, most: int = 16) -> int:
    """How many tuples an anchor gives.

    >>> per_anchor(100), per_anchor(1000), per_anchor(1e6)
    (16, 4, 2)
    """
    return int(min(max(round(TUPLES / max(anchors, 1.0)), least), most))


def image_size(images: Sequence[Any]) -> tuple[int, int, int]:
    """Height, width and channels that fit most images; of those that can be opened."""
    sizes, colour = [], False
    for data in images[:: max(1, len(images) // _SAMPLED_IMAGES)]:
        try:
            with Image.open(io.BytesIO(data)) as image:
                sizes.append(image.size)
                colour = colour or not _is_grey(image)
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
    if not sizes:
        return 32, 32, 3
    width = statistics.median(size[0] for size in sizes)
    height = statistics.median(size[1] for size in sizes)
    scale = min(1.0, MOST_PIXELS / max(width, height))
    return max(8, round(height * scale)), max(8, round(width * scale)), 3 if colour else 1


def _is_grey(image: Any) -> bool:
    if image.mode in ("1", "L", "LA") or image.mode.startswith("I"):
        return True
    pixels = np.asarray(image.convert("RGB").resize((32, 32)))
    return bool((pixels == pixels[..., :1]).all())
