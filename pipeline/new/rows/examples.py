"""Rows as readers yield them, as a table."""

from collections.abc import Iterable, Sequence

import tensorflow as tf

from pipeline.new.rows.table import Column, Dtype, Table
from relation.files.feature_values import Value

_LISTS: dict[str, Dtype] = {"bytes_list": "bytes", "int64_list": "int", "float_list": "float"}


def of_examples(
    path: str,
    file_format: str,
    examples: Sequence[tf.train.Example],
    whole: bool,
    notes: Iterable[str] = (),
) -> Table:
    """Make a table from rows as readers yield them.

    >>> row = tf.train.Example()
    >>> row.features.feature["n"].int64_list.value.extend([1, 2])
    >>> of_examples("rows.gz", "tfrecord", [row, tf.train.Example()], True).columns["n"].entries
    ((1, 2), ())
    """
    names = dict.fromkeys(name for row in examples for name in sorted(row.features.feature))
    columns = {name: _column(name, examples) for name in names}
    return Table(path, file_format, columns, len(examples), whole, tuple(notes))


def _column(name: str, examples: Sequence[tf.train.Example]) -> Column:
    kinds, entries = [], []
    for row in examples:
        features = row.features.feature
        kind = features[name].WhichOneof("kind") if name in features else None
        entries.append(() if kind is None else tuple(getattr(features[name], kind).value))
        if kind is not None and entries[-1]:
            kinds.append(str(kind))
    # A column of two types is not usable as a whole; the pipeline's validator names its rows.
    dtype = _LISTS[max(set(kinds), key=kinds.count)] if kinds else "bytes"
    fitting = [entry if all(_is(value, dtype) for value in entry) else () for entry in entries]
    return Column(name, dtype, tuple(fitting))


def _is(value: Value, dtype: Dtype) -> bool:
    return isinstance(value, {"bytes": bytes, "int": int, "float": float}[dtype])
