"""The drawings of `pairs`, by themselves, under names of their own."""

import os

from demo_data.rows import write_rows
from demo_data.sketches.pairs import rows


def write(folder: str | os.PathLike[str]) -> None:
    """Writes the drawings: `id` and `image` (bytes, PNG).

    Args:
      folder: an existing folder.
    """
    write_rows(
        folder,
        "drawings",
        ({"id": name(number), "image": row["target_image"]} for number, row in enumerate(rows())),
    )


def name(number: int) -> str:
    """The id of the drawing of a pair, by the number of the pair."""
    return f"drawing-{number:04d}"
