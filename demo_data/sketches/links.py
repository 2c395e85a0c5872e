"""Links from photographs to their drawings."""

import os

from demo_data.rows import write_rows
from demo_data.sketches.drawings import name
from demo_data.sketches.pairs import rows


def write(folder: str | os.PathLike[str]) -> None:
    """Write the links: `photograph` and `drawing` (ids).

    Args:
      folder: an existing folder.
    """
    links = (
        {"photograph": row["image_id"], "drawing": name(number)}
        for number, row in enumerate(rows())
    )
    write_rows(folder, "links", links)
