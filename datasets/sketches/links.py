"""Which drawing is of which photograph."""

import os

from datasets.rows import write_rows
from datasets.sketches.drawings import name
from datasets.sketches.pairs import rows


def write(folder: str | os.PathLike[str]) -> None:
    """Writes the links: `photograph` and `drawing` (ids).

    Args:
      folder: an existing folder.
    """
    found = (
        {"photograph": row["image_id"], "drawing": name(number)}
        for number, row in enumerate(rows())
    )
    write_rows(folder, "links", found)
