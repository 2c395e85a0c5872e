"""Validates rows, and gives each unusable row its reason. Works on columns where rows are valid."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.example_wire import joined
from components.common.rows.example_decoder import Decoded, ExampleDecoder
from components.common.rows.row_requirements import RowSpec
from relation.compiled import NumberRange
from relation.features.images.decode import image_fault

WRONG_TYPE = "wrong_type"
NAN = "nan"
TOO_MANY = "too_many_values"
"""Reason to skip a row: more numbers than the schema says, in a feature that plans need."""
IMAGE_MISSING = "image_missing"

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ValidatedRows:
    """n rows: the values of their keys and numbers, and the reason why each cannot be used.

    `keys`: for each key of the spec, n byte strings: b"" without a value; a value, integers as
    decimal digits; for a key with several values, the distinct ones, sorted, each prefixed with its
    length. `raw`: for such a key (by index), the values of each row, in their order. `numbers`: for
    each number of the spec [n, width], NaN where there is none. `reasons`: "" where the row can be
    used. `out_of_range`: the number that is the reason, by row.
    """

    keys: list[list[bytes]]
    numbers: list[F64]
    reasons: list[str]
    raw: dict[int, list[list[bytes]]]
    out_of_range: dict[int, float] = field(default_factory=dict)

    @property
    def ids(self) -> list[bytes]:
        """The first key of each row."""
        return self.keys[0] if self.keys else [b""] * len(self.reasons)

    def described(self, names: Sequence[bytes]) -> list[bytes]:
        """Names of the n rows for messages, with the number that is out of its range.

        Args:
          names: of all rows.
        """
        described = list(names)
        for row, number in self.out_of_range.items():
            described[row] += b": %g" % number
        return described


class RowValidator:
    """Validates batches of serialized rows."""

    def __init__(self, spec: RowSpec) -> None:
        self._spec = spec
        self._decode = ExampleDecoder(spec.schema)

    def __call__(self, records: list[bytes]) -> ValidatedRows:
        """Validates n rows. A row with several faults gets the first reason in a fixed order.

        Raises:
          NotAnExample: a record cannot be parsed as tf.Example.
        """
        return self._validated(self._decode(records))

    def _validated(self, decoded: Decoded) -> ValidatedRows:
        spec, batch = self._spec, decoded.batch
        column = {name: _Column(batch, name) for name in spec.names}
        reasons = np.full(batch.num_rows, "", dtype=object)
        # A later check overrides the reason of an earlier one.
        for name in spec.images:
            for row, reason in _image_faults(column[name]):
                reasons[row] = reason
        for name in spec.floats:
            reasons[column[name].rows_where(lambda values: ~np.isfinite(values))] = NAN
        numbers = []
        outside: dict[int, tuple[str, float]] = {}
        for number in reversed(spec.numbers):
            values = column[number.name].numbers(number.width)
            for number_range in reversed(number.ranges):
                for row, reason, value in out_of_range(values, number_range):
                    outside[row] = reason, value
                    reasons[row] = reason
            if number.absent is not None:
                reasons[column[number.name].counts == 0] = number.absent
            reasons[column[number.name].counts > number.width] = TOO_MANY
            numbers.append(values)
        keys: list[list[bytes]] = []
        raw: dict[int, list[list[bytes]]] = {}
        for number_of_key, key in reversed(list(enumerate(spec.keys))):
            if key.several is None:
                raw[number_of_key] = column[key.name].all_values()
                named = [joined(row) for row in raw[number_of_key]]
                counts = column[key.name].counts
            else:
                named, counts = column[key.name].first_values()
                reasons[counts > 1] = key.several
            if key.absent is not None:
                reasons[(counts == 0) | _empty(named)] = key.absent
            keys.append(named)
        reasons[decoded.ill_typed] = WRONG_TYPE
        held = {row: value for row, (reason, value) in outside.items() if reasons[row] == reason}
        return ValidatedRows(keys[::-1], numbers[::-1], reasons.tolist(), raw, held)


def out_of_range(values: F64, expected: NumberRange) -> Iterator[tuple[int, str, float]]:
    """Yields row, reason and number of each row with a finite number outside of a range.

    Args:
      values: float64 [n, width]; NaN and infinity have a reason of their own.
    """
    finite = np.isfinite(values)
    for reason, wrong in (
        (expected.fractional, values != np.rint(values)),
        (expected.above, values > (np.inf if expected.most is None else expected.most)),
        (expected.below, values < (-np.inf if expected.least is None else expected.least)),
    ):
        if reason is None:
            continue
        wrong &= finite
        for row in np.flatnonzero(wrong.any(axis=1)).tolist():
            yield row, reason, float(values[row, wrong[row].argmax()])


class _Column:
    """A feature of n rows with any number of values each."""

    def __init__(self, batch: Any, name: str) -> None:
        array = batch.column(batch.schema.get_field_index(name))
        self.offsets: npt.NDArray[np.int64] = np.asarray(array.offsets)
        self.counts: npt.NDArray[np.int64] = np.diff(self.offsets)
        self.values = array.values

    def _as_bytes(self) -> list[bytes]:
        values = self.values.to_pylist()
        return [value if isinstance(value, bytes) else b"%d" % value for value in values]

    def first_values(self) -> tuple[list[bytes], npt.NDArray[np.int64]]:
        """The first value of each row as bytes, b"" where there is none; and the number of values,
        [n]."""
        values = self._as_bytes()
        if len(values) == len(self.counts) and (self.counts == 1).all():
            return values, self.counts
        bounds = zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True)
        return [values[start] if end > start else b"" for start, end in bounds], self.counts

    def all_values(self) -> list[list[bytes]]:
        """All values of each row."""
        values = self._as_bytes()
        bounds = zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True)
        return [values[start:end] for start, end in bounds]

    def numbers(self, width: int) -> F64:
        """The first `width` values of each row, [n, width], NaN where there are fewer."""
        flat = self.values.to_numpy(zero_copy_only=False).astype(np.float64)
        if (self.counts == width).all():
            return flat.reshape(-1, width)
        column = np.arange(width)
        index = self.offsets[:-1, None] + column
        present = column < self.counts[:, None]
        padded = np.append(flat, np.nan)
        return padded[np.where(present, index, len(flat))]

    def rows_where(
        self, test: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.bool_]]
    ) -> npt.NDArray[np.int64]:
        """The rows that hold a value for which `test` is true.

        Args:
          test: maps all v values, float32 [v], to bool [v].

        Returns:
          Distinct row numbers in order, int64 [m].
        """
        matching = np.flatnonzero(test(self.values.to_numpy(zero_copy_only=False)))
        return np.unique(np.searchsorted(self.offsets, matching, side="right") - 1)


def _empty(values: list[bytes]) -> npt.NDArray[np.bool_]:
    return np.fromiter((not value for value in values), dtype=bool, count=len(values))


def _image_faults(column: _Column) -> list[tuple[int, str]]:
    faults = [(int(row), IMAGE_MISSING) for row in np.flatnonzero(column.counts == 0)]
    for index, value in enumerate(column.values):
        if fault := image_fault(value.as_py()):
            row = int(np.searchsorted(column.offsets, index, side="right")) - 1
            faults.append((row, fault))
    return faults
