"""Files of rows: how to list them, and to distribute them to a pipeline's workers."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import apache_beam as beam
import tensorflow as tf

from relation.core.errors import DataError
from relation.files.globs import matching_files


class InputFile(NamedTuple):
    """A TFRecord file of an input (an entity type or edge list); `size` in bytes.

    `split` is None where it follows from each row's id or ends.
    """

    input: str
    path: str
    split: str | None
    size: int


class InputFileCoder(beam.coders.Coder):
    """Encodes an `InputFile` as JSON."""

    def encode(self, value: InputFile) -> bytes:
        return json.dumps(value).encode()

    def decode(self, encoded: bytes) -> InputFile:
        return InputFile(*json.loads(encoded))

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> Any:
        return InputFile


beam.coders.registry.register_coder(InputFile, InputFileCoder)


@dataclass(eq=False)
class Redistribute(beam.PTransform):
    """Lets any worker take any of distinct elements, whose coder is deterministic.

    `beam.Reshuffle` does the same, but pickles its elements.
    """

    kind: type

    def expand(self, elements: Any) -> beam.PCollection:
        keyed = beam.Map(lambda element: (element, b"")).with_output_types(
            beam.typehints.Tuple[self.kind, bytes]
        )
        return elements | keyed | beam.GroupByKey() | beam.Keys().with_output_types(self.kind)


@dataclass(eq=False)
class RedistributedFiles(beam.PTransform):
    """Files that any worker may read."""

    files: tuple[InputFile, ...]

    def expand(self, pipeline: Any) -> beam.PCollection:
        files = beam.Create(self.files, reshuffle=False).with_output_types(InputFile)
        return pipeline | files | Redistribute(InputFile)


def input_files(name: str, patterns: Sequence[str], split: str | None = None) -> list[InputFile]:
    """Lists the files of an input by globs, in order; those under `Split-<name>/` have that split.

    Args:
      split: the split of all files, if known.

    Raises:
      DataError: a glob matches no file.
    """
    files: dict[str, InputFile] = {}
    for pattern in patterns:
        try:
            paths = matching_files(pattern)
        except DataError as error:
            raise DataError(f"input {error}") from None
        for path in paths:
            folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
            named = folder.removeprefix("Split-") if folder.startswith("Split-") else None
            size = int(tf.io.gfile.stat(path).length)
            files[path] = InputFile(name, path, split or named, size)
    return [files[path] for path in sorted(files)]
