"""Tell the format of a file from its name."""

import os

from components.entity_gen.readers.image_files import EXTENSIONS
from relation.core.errors import DataError

_EXTENSIONS = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}


def format_of(path: str) -> str | None:
    """Return the name of the reader of a file; None if its name says none.

    >>> format_of("a.csv.gz"), format_of("rows_tfrecord-00000-of-00002.gz"), format_of("cat/1.PNG")
    ('csv', 'tfrecord', 'image_folder')
    """
    name = os.path.basename(path).lower()
    if name.endswith(EXTENSIONS):
        return "image_folder"
    plain = name.removesuffix(".gz")
    # Shards of Beam and TensorFlow have no extension: data_tfrecord-00000-of-00001.
    written = "tfrecord" if "tfrecord" in plain else None
    return _EXTENSIONS.get(os.path.splitext(plain)[1], written)


def require_format(path: str) -> str:
    """Return the format of a file.

    Raises:
      DataError: its name says none.
    """
    if file_format := format_of(path):
        return file_format
    raise DataError(
        f"{path}: got a format that its name does not tell; expected .csv, .jsonl, .parquet, "
        f".tfrecord (all but Parquet also with .gz) or {', '.join(EXTENSIONS)}"
    )
