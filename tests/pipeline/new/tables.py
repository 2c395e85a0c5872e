"""Small tables as `make new` looks at them."""

from pipeline.new.rows.table import Column, Table


def table(path="rows.csv", file_format="csv", whole=True, **columns):
    """A table of lists of values; a tuple is a entry of several, None an empty one."""
    made = {}
    for name, values in columns.items():
        entries = tuple(
            () if one is None else one if isinstance(one, tuple) else (one,) for one in values
        )
        first = next((value for entry in entries for value in entry), b"")
        dtype = {bytes: "bytes", int: "int", float: "float"}[type(first)]
        made[name] = Column(name, dtype, entries)
    return Table(path, file_format, made, len(next(iter(columns.values()))), whole)


def spread(count, *values):
    """So many values, each of the given ones in turn."""
    return [values[number % len(values)] for number in range(count)]
