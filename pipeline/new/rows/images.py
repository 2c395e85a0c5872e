"""Images among rows that are looked at: those that a run could not decode."""

from collections.abc import Sequence

import tensorflow as tf

from pipeline.new.rows.kinds import MAGIC
from relation.core.errors import DataError
from relation.features.images.decode import image_fault


def image_features(examples: Sequence[tf.train.Example]) -> list[str]:
    """The features most of whose values begin as PNG or JPEG files do."""
    names = sorted({name for example in examples for name in example.features.feature})
    return [name for name in names if _are_images(_values(examples, name))]


def _are_images(values: Sequence[bytes]) -> bool:
    return sum(value.startswith(MAGIC) for value in values) > len(values) / 2


def _values(examples: Sequence[tf.train.Example], name: str) -> list[bytes]:
    features = [example.features.feature for example in examples]
    return [value for each in features if name in each for value in each[name].bytes_list.value]


def decodable(
    pattern: str, examples: Sequence[tf.train.Example], names: Sequence[str]
) -> tuple[list[tf.train.Example], list[str]]:
    """Rows whose images can be decoded.

    Args:
      pattern: the files, for messages.
      examples: rows.
      names: features that hold images; a row may lack one.

    Returns:
      Those rows, and a note on the others, which a run skips.

    Raises:
      DataError: no row is left.
    """
    faults = [_fault(example, names) for example in examples]
    kept = [example for example, fault in zip(examples, faults, strict=True) if not fault]
    counts = [fault for fault in faults if fault]
    if not counts:
        return kept, []
    first = faults.index(counts[0])
    shown = f"the first, {_name(examples[first], first)}, is {counts[0]}"
    if not kept:
        raise DataError(
            f"DATA: {pattern}: none of {len(counts):,} images can be decoded: {shown}; expected "
            "PNG or JPEG"
        )
    return kept, [
        f"{len(counts):,} of {len(examples):,} rows are skipped, since an image cannot be decoded: "
        f"{shown}"
    ]


def _fault(example: tf.train.Example, names: Sequence[str]) -> str:
    """The fault of a row's first image that has one, without the word image; "": none has."""
    for name in names:
        for encoded in _values([example], name):
            if fault := image_fault(encoded):
                return fault.removeprefix("image_").replace("_", " ")
    return ""


def _name(example: tf.train.Example, row: int) -> str:
    """The id of a row, as a folder of images has it, or else its number."""
    ids = _values([example], "id")
    return ids[0].decode("utf-8", "backslashreplace") if ids else f"row {row + 1:,}"
