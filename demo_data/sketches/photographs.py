"""The photographs of `pairs` as a table."""

import os

from demo_data.rows import write_rows
from demo_data.sketches.pairs import rows


def write(folder: str | os.PathLike[str]) -> None:
    """Write the photographs: `id` and `image` (bytes, PNG).

    Args:
      folder: an existing folder.
    """
    photographs = ({"id": row["image_id"], "image": row["image_image"]} for row in rows())
    write_rows(folder, "photographs", photographs)
