"""TensorBoard's embedding projector: embeddings of a sample, their names, thumbnails."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

THUMBNAIL = 32
"""Height and width of a thumbnail."""
LARGEST_SPRITE = 8192
"""Largest side of a sprite for TensorBoard, in pixels."""


class Points(NamedTuple):
    """Points of one entity type.

    embeddings: [n, d].
    columns: texts by name, n each.
    images: [n, height, width, channels] in [0, 1]; None: there are none.
    """

    embeddings: npt.NDArray[Any]
    columns: Mapping[str, Sequence[str]]
    images: npt.NDArray[Any] | None


def write_projector(points: Mapping[str, Points], folder: str) -> None:
    """Writes `projector_config.pbtxt` and the files that it names into TensorBoard's folder.

    Args:
      points: by entity type.
    """
    os.makedirs(folder, exist_ok=True)
    entries = [_write_points(entity, those, folder) for entity, those in points.items()]
    with open(os.path.join(folder, "projector_config.pbtxt"), "w", encoding="utf-8") as file:
        file.write("".join(entries))


def _write_points(entity: str, points: Points, folder: str) -> str:
    """The entry of one entity type, in the text form of TensorBoard's ProjectorConfig."""
    embeddings = points.embeddings[: (LARGEST_SPRITE // THUMBNAIL) ** 2]
    rows = ["\t".join(f"{value:.6g}" for value in row) for row in embeddings]
    names = list(points.columns)
    texts = zip(*(map(_field, points.columns[name]) for name in names), strict=True)
    labels = ["\t".join(row) for row in texts][: len(rows)]
    # TensorBoard takes the first line as names only with several columns.
    heading = ["\t".join(map(_field, names))] if len(names) > 1 else []
    _write_lines(os.path.join(folder, f"{entity}_embeddings.tsv"), rows)
    _write_lines(os.path.join(folder, f"{entity}_labels.tsv"), [*heading, *labels])
    fields = {
        "tensor_name": entity,
        "tensor_path": f"{entity}_embeddings.tsv",
        "metadata_path": f"{entity}_labels.tsv",
    }
    lines = [f"  {name}: {json.dumps(value)}" for name, value in fields.items()]
    lines.insert(1, "  " + " ".join(f"tensor_shape: {size}" for size in embeddings.shape))
    if points.images is not None:
        sprite = sprite_of(points.images[: len(rows)])
        sprite.save(os.path.join(folder, f"{entity}_sprite.png"))
        size = f"single_image_dim: {THUMBNAIL}"
        lines.append(f'  sprite {{ image_path: "{entity}_sprite.png" {size} {size} }}')
    return "embeddings {\n" + "\n".join(lines) + "\n}\n"


def sprite_of(images: npt.NDArray[Any]) -> Image.Image:
    """Images [n, height, width, channels] in [0, 1] as thumbnails, row by row in a square."""
    side = math.ceil(math.sqrt(len(images)))
    sheet = Image.new("RGB", (side * THUMBNAIL, side * THUMBNAIL), "white")
    for number, image in enumerate(images):
        pixels = np.clip(np.rint(image * 255.0), 0, 255).astype(np.uint8)
        small = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        small = small.convert("RGB").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.NEAREST)
        sheet.paste(small, (number % side * THUMBNAIL, number // side * THUMBNAIL))
    return sheet


def _field(text: str) -> str:
    return " ".join(text.split()) or "–"


def _write_lines(path: str, lines: Sequence[str]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
