"""The drawings of `pairs` as a table, with ids of their own."""

import os

from demo_data.rows import write_rows
from demo_data.sketches.pairs import rows


def write(folder: str | os.PathLike[str]) -> None:
    """Write the drawings: `id` and `image` (bytes, PNG).

    Args:
      folder: an existing folder.
    """
    write_rows(
        folder,
        "drawings",
        ({"id": name(number), "image": row["target_image"]} for number, row in enumerate(rows())),
    )


def name(number: int) -> str:
    """Return the id of a drawing by the number of its pair."""
    return f"drawing-{number:04d}"
