"""Readers of file formats: each yields the records of one file."""

from collections.abc import Callable

from components.entity_gen.readers import (
    csv_file,
    image_folder,
    image_manifest,
    json_lines,
    parquet,
    tfrecord,
)
from components.entity_gen.records import ColumnTypes, Reader
from relation.core.errors import DataError

READERS: dict[str, Reader] = {
    "csv": csv_file.read,
    "image_folder": image_folder.read,
    "image_manifest": image_manifest.read,
    "jsonl": json_lines.read,
    "parquet": parquet.read,
    "tfrecord": tfrecord.read,
}

COLUMNS: dict[str, Callable[[str], ColumnTypes]] = {
    "csv": csv_file.columns,
    "jsonl": json_lines.columns,
    "parquet": parquet.columns,
}
"""What finds the columns of a file, for formats whose rows are read by the types of a schema."""


def reader(file_format: str) -> Reader:
    """Look up the reader of a format.

    Raises:
      DataError: an unknown format.
    """
    if file_format not in READERS:
        formats = ", ".join(sorted(READERS))
        raise DataError(f"file format: got {file_format!r}; expected one of {formats}")
    return READERS[file_format]
