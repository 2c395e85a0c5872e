"""The photographs of `pairs`, by themselves."""

import os

from demo_data.rows import write_rows
from demo_data.sketches.pairs import rows


def write(folder: str | os.PathLike[str]) -> None:
    """Writes the photographs: `id` and `image` (bytes, PNG).

    Args:
      folder: an existing folder.
    """
    found = ({"id": row["image_id"], "image": row["image_image"]} for row in rows())
    write_rows(folder, "photographs", found)
