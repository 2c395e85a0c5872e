"""Screens rows: finds those that cannot be used, and says why. Columnar where rows are good."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from google.protobuf.message import DecodeError
from PIL import Image
from tfx_bsl.coders import example_coder

from components.relation_gen.rows import RowSpec

NO_ID = "no_id"
SEVERAL_IDS = "several_ids"
NO_LABEL = "no_label"
SEVERAL_LABELS = "several_labels"
WRONG_TYPE = "wrong_type"
NAN = "nan"
IMAGE_MISSING = "image_missing"
IMAGE_UNDECODABLE = "image_undecodable"


class NotAnExample(Exception):
    """A record is no tf.Example: the file is of another kind, so no row of it can be trusted."""


@dataclass(frozen=True)
class Screened:
    """Each row's id and label (b"" if it has none), and why it cannot be used ("": it can), [n].

    Integer ids and labels are given as their decimal digits.
    """

    ids: list[bytes]
    labels: list[bytes]
    reasons: list[str]


class Screen:
    """Screens batches of serialized rows."""

    def __init__(self, spec: RowSpec) -> None:
        self._spec = spec
        self._decoder = self._new_decoder()

    def _new_decoder(self) -> Any:
        return example_coder.ExamplesToRecordBatchDecoder(self._spec.schema)

    def _decode(self, records: list[bytes]) -> Any:
        """An Arrow RecordBatch; RuntimeError if a row is ill-typed, or no tf.Example."""
        try:
            return self._decoder.DecodeBatch(records)
        except RuntimeError:
            self._decoder = self._new_decoder()  # It keeps values of the batch that failed.
            raise

    def __call__(self, records: list[bytes]) -> Screened:
        """Screens n rows; the first reason found, in a fixed order, is the one that is given.

        Raises:
          NotAnExample: a record cannot be parsed as tf.Example.
        """
        try:
            return self._screen(self._decode(records))
        except RuntimeError:
            return self._one_by_one(records)

    def _one_by_one(self, records: list[bytes]) -> Screened:
        screened = Screened([], [], [])
        for record in records:
            try:
                one = self._screen(self._decode([record]))
            except RuntimeError:
                one = self._ill_typed(record)
            screened.ids.extend(one.ids)
            screened.labels.extend(one.labels)
            screened.reasons.extend(one.reasons)
        return screened

    def _ill_typed(self, record: bytes) -> Screened:
        try:
            features = tf.train.Example.FromString(record).features.feature
        except DecodeError:
            raise NotAnExample from None
        feature = features[self._spec.id_feature]
        values = feature.int64_list.value if self._spec.id_is_int else feature.bytes_list.value
        if len(values) != 1 or values[0] == b"":
            return Screened([b""], [b""], [NO_ID if len(features) <= 1 else WRONG_TYPE])
        key = values[0] if isinstance(values[0], bytes) else b"%d" % values[0]
        return Screened([key], [b""], [WRONG_TYPE])

    def _screen(self, batch: Any) -> Screened:
        spec = self._spec
        column = {name: _Column(batch, name) for name in spec.names}
        reasons = np.full(batch.num_rows, "", dtype=object)
        ids, id_count = column[spec.id_feature].first_values()
        labels, label_count = column[spec.label_feature].first_values()
        # Later lines win over earlier ones.
        for name in spec.images:
            for row, reason in _image_faults(column[name]):
                reasons[row] = reason
        for name in spec.floats:
            reasons[column[name].rows_where(lambda values: ~np.isfinite(values))] = NAN
        reasons[label_count > 1] = SEVERAL_LABELS
        reasons[(label_count == 0) | _empty(labels)] = NO_LABEL
        reasons[id_count > 1] = SEVERAL_IDS
        reasons[(id_count == 0) | _empty(ids)] = NO_ID
        return Screened(ids, labels, reasons.tolist())


class _Column:
    """A feature of n rows, of any number of values each."""

    def __init__(self, batch: Any, name: str) -> None:
        array = batch.column(batch.schema.get_field_index(name))
        self.offsets: npt.NDArray[np.int64] = np.asarray(array.offsets)
        self.counts: npt.NDArray[np.int64] = np.diff(self.offsets)
        self.values = array.values

    def first_values(self) -> tuple[list[bytes], npt.NDArray[np.int64]]:
        """The first value of each row as bytes, b"" where there is none; and how many, [n]."""
        values = self.values.to_pylist()
        as_bytes = [value if isinstance(value, bytes) else b"%d" % value for value in values]
        if len(values) == len(self.counts) and (self.counts == 1).all():
            return as_bytes, self.counts
        starts = zip(self.offsets[:-1].tolist(), self.counts.tolist(), strict=True)
        return [as_bytes[start] if count else b"" for start, count in starts], self.counts

    def rows_where(
        self, test: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.bool_]]
    ) -> npt.NDArray[np.int64]:
        """The rows that hold a value for which `test` is true."""
        found = np.flatnonzero(test(self.values.to_numpy(zero_copy_only=False)))
        return np.unique(np.searchsorted(self.offsets, found, side="right") - 1)


def _empty(values: list[bytes]) -> npt.NDArray[np.bool_]:
    return np.fromiter((not value for value in values), dtype=bool, count=len(values))


def _image_faults(column: _Column) -> list[tuple[int, str]]:
    faults = [(int(row), IMAGE_MISSING) for row in np.flatnonzero(column.counts == 0)]
    for index, value in enumerate(column.values):
        if not decodable(value.as_py()):
            row = int(np.searchsorted(column.offsets, index, side="right")) - 1
            faults.append((row, IMAGE_UNDECODABLE))
    return faults


def decodable(image: bytes) -> bool:
    """Whether an encoded image is a PNG or JPEG that decodes to its last pixel."""
    try:
        with Image.open(io.BytesIO(image), formats=("PNG", "JPEG")) as opened:
            opened.verify()  # Checksums; the file has to be opened again afterwards.
        with Image.open(io.BytesIO(image), formats=("PNG", "JPEG")) as opened:
            opened.load()
    except Exception:  # Pillow raises a dozen types, from SyntaxError to struct.error.
        return False
    return True
