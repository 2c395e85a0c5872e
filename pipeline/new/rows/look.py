"""Read the first rows of users' files, by the readers of the pipeline."""

import itertools
import os
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path

import tensorflow as tf

from components.entity_gen import readers
from components.entity_gen.readers.file_format import format_of, require_format
from components.entity_gen.readers.image_files import EXTENSIONS
from components.entity_gen.records import Fault, LeftOut, ReadOptions
from components.entity_gen.values import convert
from pipeline.new.rows.examples import of_examples
from pipeline.new.rows.images import decodable, image_features
from pipeline.new.rows.kinds import looks_like_code
from pipeline.new.rows.table import Column, Dtype, Table
from relation.core.errors import DataError
from relation.files.feature_values import Value
from relation.files.globs import is_stray, literal_folder, visible_files
from relation.files.wildcards import escape

ROWS = 20_000
"""Rows that are looked at, spread over all files."""
MARKERS = frozenset(b"? NA N/A n/a na NaN nan NULL null None none - -- . #N/A missing".split())
"""Texts by which tables often say that a number is missing."""
IMAGES = 2_000
"""Rows with images, whose bytes are held in memory."""
STRAYS = 0.05
"""Share of entries that may not be numbers in a column of numbers: their rows are skipped."""


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
    pattern = str(Path(escape(str(folder))) / relative)
    paths = visible_files(pattern)
    file_format = _format(paths)
    paths = [path for path in paths if format_of(path) == file_format]
    if file_format == "image_folder":
        table = _images(pattern, paths)
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
        return escape(data) if path.exists() else data
    folder = escape(data)
    depth = _image_depth(path)
    if depth:
        return "/".join([folder, *"*" * depth])
    formats = {
        suffix: kind
        for entry in sorted(path.iterdir())
        if not entry.name.startswith(".") and (kind := format_of(entry.name))
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
        if any(name.lower().endswith(EXTENSIONS) for name in files):
            return len(Path(parent).relative_to(folder).parts) + 1
    return 0


def _format(paths: Sequence[str]) -> str:
    """The format of most files; others beside them are not read."""
    formats = [kind for path in paths if (kind := format_of(path))]
    return max(sorted(set(formats)), key=formats.count) if formats else require_format(paths[0])


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
    if file_format != "csv":
        examples, lost = decodable(pattern, examples, image_features(examples))
        return of_examples(pattern, file_format, examples, whole, [*notes, *lost])
    table = of_examples(pattern, file_format, examples, whole, notes)
    images = [name for name, column in table.columns.items() if names_images(column, paths[0])]
    if images:
        return _manifest(pattern, paths, list(types), images)
    return _typed(table, list(types))


def names_images(column: Column, manifest: str) -> bool:
    """Whether the texts of a column are paths of images, relative to the folder of their file."""
    values = [value for value in column.values if isinstance(value, bytes)]
    endings = tuple(ending.encode() for ending in EXTENSIONS)
    if not values or not all(value.lower().endswith(endings) for value in values):
        return False
    folder = os.path.dirname(manifest)
    first = values[0].decode("utf-8", "backslashreplace")
    return bool(tf.io.gfile.exists(os.path.join(folder, first)))


def _manifest(
    pattern: str, paths: Sequence[str], names: Sequence[str], images: Sequence[str]
) -> Table:
    """Rows of a manifest, with the images that it names."""
    options = ReadOptions(dict.fromkeys(names, "bytes"), literal_folder(pattern), images)
    read = readers.reader("image_manifest")
    records = itertools.chain.from_iterable(read(path, options) for path in paths)
    held = list(itertools.islice(records, IMAGES))
    examples = [record for record in held if isinstance(record, tf.train.Example)]
    notes = [record.shown for record in held if isinstance(record, Fault)]
    if not examples:
        raise DataError(f"DATA: {pattern}: holds no usable row: {notes[0]}")
    whole = next(iter(records), None) is None
    missing = [f"{len(notes):,} rows are skipped, the first: {notes[0]}"] if notes else []
    examples, lost = decodable(pattern, examples, images)
    table = of_examples(pattern, "image_manifest", examples, whole, [*missing, *lost])
    return _typed(table, names)


def _columns(file_format: str, path: str) -> tuple[dict[str, str], list[str]]:
    """Types of the columns that can be read, and why others cannot."""
    if file_format not in readers.COLUMNS:
        return {}, []
    types, unreadable = readers.COLUMNS[file_format](path)
    notes = [f"column {name!r} is left out, because {why}" for name, why in unreadable.items()]
    return types, notes


def _typed(table: Table, names: Sequence[str]) -> Table:
    """Give the columns of texts the type that their cells can have, in the order of the file."""
    texts = [table.columns.get(name) or Column(name, "bytes", ((),) * table.rows) for name in names]
    missing = missing_markers(texts)
    columns, notes = {}, list(table.notes)
    for column in texts:
        columns[column.name], note = typed(_without(column, missing))
        notes += [note] if note else []
    shown = tuple(sorted(marker.decode() for marker in missing))
    return replace(table, columns=columns, notes=tuple(notes), missing=shown)


def missing_markers(columns: Sequence[Column]) -> set[bytes]:
    """Texts by which a table says that a value is missing.

    `?` always is one; others are where all other cells of a column are numbers.

    >>> numbers = Column("n", "bytes", ((b"1",), (b"NA",)))
    >>> missing_markers([numbers, Column("t", "bytes", ((b"-",),))])
    {b'NA'}
    """
    missing: set[bytes] = set()
    for column in columns:
        values = {value for value in column.values if isinstance(value, bytes)}
        markers = values & MARKERS
        missing |= markers & {b"?"}
        numbers = values - markers
        if numbers and all(_converted(value, "float") is not None for value in numbers):
            missing |= markers
    return missing


def _without(column: Column, missing: Set[bytes]) -> Column:
    entries = (tuple(value for value in entry if value not in missing) for entry in column.entries)
    return Column(column.name, column.dtype, tuple(entries))


def typed(column: Column) -> tuple[Column, str]:
    """Make a column of numbers of a column of texts, if its cells are numbers.

    Numbers with leading zeros are codes and stay texts. A few cells that are not numbers are
    taken for missing ones.

    >>> typed(Column("n", "bytes", ((b"3",), (), (b"4.5",))))[0].entries
    ((3.0,), (), (4.5,))
    >>> typed(Column("n", "bytes", ((b"007",), (b"8",))))[0].dtype
    'bytes'

    Returns:
      The column, and a note on cells that are not numbers ("" where there are none).
    """
    values = column.values
    if not values or any(_is_code(value) for value in values):
        return column, ""
    for dtype in ("int", "float"):
        numbers = [_converted(value, dtype) for value in values]
        wrong = [value for value, number in zip(values, numbers, strict=True) if number is None]
        if wrong and (dtype == "int" or looks_like_code(column.name)):
            continue
        if len(wrong) <= STRAYS * len(values):
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
        f"column {name!r} holds numbers, but {len(wrong):,} of its cells do not, such as {shown}: "
        "their rows are skipped, unless `missing` names such texts"
    )


def _images(pattern: str, paths: Sequence[str]) -> Table:
    """Rows of image files, evenly spread over all of them, which are sorted by class."""
    step = max(1, -(-len(paths) // IMAGES))
    folder = literal_folder(pattern)
    depth = max(os.path.relpath(path, folder).count("/") for path in paths)
    levels = ["folder", *(f"folder_{level}" for level in range(1, depth + 1))]
    options = ReadOptions(dict.fromkeys(levels if depth > 1 else (), "bytes"), folder)
    read = readers.reader("image_folder")
    records = itertools.chain.from_iterable(read(path, options) for path in paths[::step])
    examples = [record for record in records if isinstance(record, tf.train.Example)]
    if not examples:
        raise DataError(f"DATA: {pattern}: holds no usable image")
    examples, lost = decodable(pattern, examples, ["image"])
    return of_examples(pattern, "image_folder", examples, step == 1, lost)
