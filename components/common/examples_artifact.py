"""Examples artifacts, as every component reads and makes them: gzipped TFRecords of tf.Example."""

import os
from collections.abc import Iterable, Sequence

from tfx import types
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from relation.core.errors import DataError

FILE_FORMAT = "tfrecords_gzip"
PAYLOAD_FORMAT = "FORMAT_TF_EXAMPLE"

EXAMPLES, OTHER_EXAMPLES = "examples", "other_examples"
"""The inputs of a component that takes the rows of one or two entity types."""


def entity_inputs(entities: Iterable[str], what: str = EXAMPLES) -> dict[str, str]:
    """The entity type that each input is of.

    Args:
      entities: in the recipe's order.
      what: the name of the first type's input; the second's begins with `other_`.

    Example: entities user and item give {"examples": "user", "other_examples": "item"}.
    """
    return dict(zip((what, f"other_{what}"), entities, strict=False))


def split_names(examples: types.Artifact) -> list[str]:
    """The splits of an artifact."""
    return list(artifact_utils.decode_split_names(examples.split_names))


def split_globs(examples: types.Artifact, split: str) -> list[str]:
    """Globs of the files of one split."""
    found = examples_utils.get_split_file_patterns([examples], split)
    return [f"{pattern}*" if pattern.endswith(os.sep) else pattern for pattern in found]


def check_formats(name: str, examples: types.Artifact) -> None:
    """Raises DataError, which calls the artifact `name`, where it is of another format."""
    payload = examples_utils.get_payload_format_string(examples)
    if payload != PAYLOAD_FORMAT:
        raise DataError(f"{name}: got payload format {payload}; expected {PAYLOAD_FORMAT}")
    files = examples_utils.get_file_format(examples)
    if files != FILE_FORMAT:
        raise DataError(f"{name}: got file format {files}; expected {FILE_FORMAT}")


def describe(made: types.Artifact, given: types.Artifact, splits: Sequence[str]) -> None:
    """Sets what consumers of an Examples artifact read: splits, formats, the span of `given`."""
    made.split_names = artifact_utils.encode_split_names(list(splits))
    examples_utils.set_payload_format(made, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(made, FILE_FORMAT)
    made.span, made.version = given.span, given.version
