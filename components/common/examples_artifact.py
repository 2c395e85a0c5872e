"""Examples artifacts as every component reads and writes them: gzipped TFRecords of tf.Example."""

import os
from collections.abc import Sequence

from tfx import types
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from relation.core.errors import DataError

FILE_FORMAT = "tfrecords_gzip"
PAYLOAD_FORMAT = "FORMAT_TF_EXAMPLE"


def split_names(examples: types.Artifact) -> list[str]:
    """The splits of an artifact."""
    return list(artifact_utils.decode_split_names(examples.split_names))


def split_globs(examples: types.Artifact, split: str) -> list[str]:
    """Globs of the files of one split."""
    patterns = examples_utils.get_split_file_patterns([examples], split)
    return [f"{pattern}*" if pattern.endswith(os.sep) else pattern for pattern in patterns]


def check_formats(name: str, examples: types.Artifact) -> None:
    """Raises DataError, with the name of the input, if the artifact has another format."""
    payload = examples_utils.get_payload_format_string(examples)
    if payload != PAYLOAD_FORMAT:
        raise DataError(f"{name}: got payload format {payload}; expected {PAYLOAD_FORMAT}")
    files = examples_utils.get_file_format(examples)
    if files != FILE_FORMAT:
        raise DataError(f"{name}: got file format {files}; expected {FILE_FORMAT}")


def describe(output: types.Artifact, source: types.Artifact, splits: Sequence[str]) -> None:
    """Sets the properties of an output that consumers read: splits, formats, span of its source."""
    output.split_names = artifact_utils.encode_split_names(list(splits))
    examples_utils.set_payload_format(output, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(output, FILE_FORMAT)
    output.span, output.version = source.span, source.version
