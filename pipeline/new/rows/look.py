"""Read the first rows of users' files, by the readers of the pipeline."""

import glob
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import tensorflow as tf

from components.entity_gen import readers
from components.entity_gen.records import LeftOut, ReadOptions
from components.entity_gen.values import convert
from pipeline.new.rows.examples import of_examples
from pipeline.new.rows.table import Column, Dtype, Table, Value
from relation.core.errors import DataError
from relation.files.globs import is_stray, literal_folder, matching_files

ROWS = 20_000
"""Rows that are looked at, spread over all files."""
STRAYS = 0.05
"""Share of entries that may not be numbers in a column of numbers: their rows are skipped."""
_EXTENSIONS = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
_IMAGES = (".png", ".jpg", ".jpeg")


def look(data: str, folder: Path = Path(), rows: int = ROWS) -> Table:
    """Read rows of a file, of the files of a glob, or of a folder.

    Args:
      data: path or glob.
      folder: what a relative one starts at, the folder of the recipe.
      rows: how many rows are read at most.

    Raises:
      DataError: there is no such file, its format is not known, or it holds no usable row.
    """
    relative = _pattern(data, folder)
    pattern = str(Path(glob.escape(str(folder))) / relative)
    paths = [
        path for path in matching_files(pattern) if not is_stray(path, literal_folder(pattern))
    ]
    file_format = _format(paths)
    paths = [path for path in paths if _format_of(path) == file_format]
    if file_format == "image_folder":
        table = _images(pattern, paths, rows)
    else:
        table = _table(pattern, file_format, paths, rows)
    return replace(table, path=relative)


def _pattern(data: str, base: Path) -> str:
    """The glob that a recipe in a folder would have."""
    if "{" in data:
        raise DataError(
            f"DATA: got {data!r}; braces stand for spans in a recipe: name the files of one span"
        )
    path = base / data
    if not path.is_dir():
        return glob.escape(data) if path.exists() else data
    folder = glob.escape(data)
    depth = _image_depth(path)
    if depth:
        return "/".join([folder, *"*" * depth])
    formats = {
        suffix: kind
        for entry in sorted(path.iterdir())
        if not entry.name.startswith(".") and (kind := _format_of(entry.name))
        for suffix in ["".join(entry.suffixes[-2:]) if entry.suffix == ".gz" else entry.suffix]
    }
    if len(set(formats.values())) != 1:
        got = ", ".join(sorted(formats)) or "no file of a known format"
        raise DataError(
            f"DATA: {data}: got {got}; expected files of one format, or folders of images: name "
            "the files by a glob"
        )
    return f"{folder}/*{next(iter(formats))}"


def _image_depth(folder: Path) -> int:
    """How many levels below a folder its images are; 0 where there are none."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_stray(name, "."))
        if any(name.lower().endswith(_IMAGES) for name in files):
            return len(Path(parent).relative_to(folder).parts) + 1
    return 0


def _format(paths: Sequence[str]) -> str:
    formats = [kind for path in paths if (kind := _format_of(path))]
    if not formats:
        raise DataError(
            f"DATA: {paths[0] if paths else 'no files'}: got a format that is not known by its "
            "name; expected .csv, .parquet, .tfrecord (each but Parquet also with .gz), .png or "
            ".jpg"
        )
    return max(sorted(set(formats)), key=formats.count)


def _format_of(path: str) -> str | None:
    name = os.path.basename(path).lower()
    if name.endswith(_IMAGES):
        return "image_folder"
    stem, extension = os.path.splitext(name.removesuffix(".gz"))
    if extension in _EXTENSIONS:
        return _EXTENSIONS[extension]
    # TensorFlow's and Beam's own names of shards have no extension: data_tfrecord-00000-of-00001.
    return "tfrecord" if "tfrecord" in name or "tfrecord" in stem else None


def _table(pattern: str, file_format: str, paths: Sequence[str], rows: int) -> Table:
    types, notes = _columns(file_format, paths[0])
    read = readers.reader(file_format)
    options = ReadOptions(types, literal_folder(pattern))
    each = max(1, rows // len(paths))
    examples: list[tf.train.Example] = []
    whole, faults = True, 0
    for path in paths:
        records = read(path, options)
        for record in itertools.islice(records, each):
            if isinstance(record, tf.train.Example):
                examples.append(record)
            else:
                faults += not isinstance(record, LeftOut)
        whole = whole and next(iter(records), None) is None
    if faults:
        notes.append(f"{faults:,} records cannot be read and are skipped")
    if not examples:
        raise DataError(f"DATA: {pattern}: holds no usable row")
    table = of_examples(pattern, file_format, examples, whole, notes)
    return _typed(table, list(types)) if file_format == "csv" else table


def _columns(file_format: str, path: str) -> tuple[dict[str, str], list[str]]:
    """Types of the columns that can be read, and why others cannot."""
    if file_format not in readers.COLUMNS:
        return {}, []
    types, unreadable = readers.COLUMNS[file_format](path)
    notes = [f"column {name!r} is left out, because {why}" for name, why in unreadable.items()]
    return types, notes


def _typed(table: Table, names: Sequence[str]) -> Table:
    """Give the columns of texts the type that their entries can have, in the order of the file."""
    columns, notes = {}, list(table.notes)
    for name in names:
        column = table.columns.get(name) or Column(name, "bytes", ((),) * table.rows)
        columns[name], note = typed(column)
        notes += [note] if note else []
    return Table(table.path, table.file_format, columns, table.rows, table.whole, tuple(notes))


def typed(column: Column) -> tuple[Column, str]:
    """Make a column of numbers of a column of texts, if its entries are numbers.

    Numbers with leading zeros are codes and stay texts. A few entries that are not numbers are
    taken for missing ones.

    >>> typed(Column("n", "bytes", ((b"3",), (), (b"4.5",))))[0].entries
    ((3.0,), (), (4.5,))
    >>> typed(Column("n", "bytes", ((b"007",), (b"8",))))[0].dtype
    'bytes'

    Returns:
      The column, and a note on entries that are not numbers ("" where there are none).
    """
    values = column.values
    if not values or any(_is_code(value) for value in values):
        return column, ""
    for dtype in ("int", "float"):
        numbers = [_converted(value, dtype) for value in values]
        wrong = [value for value, number in zip(values, numbers, strict=True) if number is None]
        if len(wrong) <= STRAYS * len(values) and not (wrong and dtype == "int"):
            return _as(column, dtype), _note(column.name, wrong, dtype)
    return column, ""


def _as(column: Column, dtype: Dtype) -> Column:
    entries = (tuple(_converted(value, dtype) for value in entry) for entry in column.entries)
    usable = (tuple(value for value in entry if value is not None) for entry in entries)
    return Column(column.name, dtype, tuple(usable))


def _converted(value: Value, dtype: str) -> Value | None:
    try:
        return convert(value, dtype)
    except ValueError:
        return None


def _is_code(value: Value) -> bool:
    return isinstance(value, bytes) and value[:1] == b"0" and value[1:].isdigit()


def _note(name: str, wrong: Sequence[Value], dtype: str) -> str:
    if not wrong:
        return ""
    shown = ", ".join(sorted({repr(value)[1:] for value in wrong if isinstance(value, bytes)})[:3])
    return (
        f"column {name!r} holds numbers, but in {len(wrong):,} rows {shown}: those rows are "
        "skipped, unless the entries are emptied"
    )


def _images(pattern: str, paths: Sequence[str], rows: int) -> Table:
    """Rows of image files, evenly spread over all of them, which are sorted by class."""
    step = max(1, -(-len(paths) // rows))
    options = ReadOptions(folder=literal_folder(pattern))
    read = readers.reader("image_folder")
    records: Iterator[object] = itertools.chain.from_iterable(
        read(path, options) for path in paths[::step]
    )
    examples = [record for record in records if isinstance(record, tf.train.Example)]
    if not examples:
        raise DataError(f"DATA: {pattern}: holds no usable image")
    return of_examples(pattern, "image_folder", examples, step == 1)
