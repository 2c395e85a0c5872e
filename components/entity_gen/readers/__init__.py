"""Readers of file formats. A reader takes the path of one file and yields what is in it."""

from components.entity_gen.readers import csv_file, image_folder, parquet, tfrecord
from components.entity_gen.records import Reader
from relation.core.errors import DataError

READERS: dict[str, Reader] = {
    "csv": csv_file.read,
    "image_folder": image_folder.read,
    "parquet": parquet.read,
    "tfrecord": tfrecord.read,
}


def reader(file_format: str) -> Reader:
    """The reader of a format.

    Raises:
      DataError: the format is not known.
    """
    if file_format not in READERS:
        known = ", ".join(sorted(READERS))
        raise DataError(f"file format {file_format!r}: not known; expected one of {known}")
    return READERS[file_format]
