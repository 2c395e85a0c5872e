"""The executor of SplitGen: artifacts in, artifacts out; the work is done in `run.py`."""

import os
from typing import Any

import tensorflow as tf
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.split_gen import stats
from components.split_gen.job import SPLITS
from components.split_gen.request import EDGES, EXAMPLES, OTHER_EXAMPLES, SplitRequest
from components.split_gen.run import split
from relation.errors import DataError

INPUTS = (EXAMPLES, OTHER_EXAMPLES, EDGES)
FILE_FORMAT = "tfrecords_gzip"


def output_of(name: str) -> str:
    """The output that holds the rows of an input: `split_examples` of `examples`."""
    return f"split_{name}"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Splits the rows of all inputs at once."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See `component.SplitGen` for inputs, outputs and properties.

        Raises:
          DataError: the data cannot be split as asked; the message says what to mend.
        """
        request = SplitRequest.model_validate_json(exec_properties["request"])
        given = {
            name: artifact_utils.get_single_instance(input_dict[name])
            for name in INPUTS
            if input_dict.get(name)
        }
        made = {
            name: artifact_utils.get_single_instance(output_dict[output_of(name)]) for name in given
        }
        found = split(
            request,
            {name: _paths(name, artifact) for name, artifact in given.items()},
            {name: artifact.uri for name, artifact in made.items()},
            self._make_beam_pipeline,
        )
        for name, artifact in made.items():
            _describe(artifact, given[name])
            for what, count in stats.properties(found, name).items():
                artifact.set_int_custom_property(what, count)


def _paths(name: str, examples: types.Artifact) -> list[str]:
    """All files of an input, whatever its splits."""
    payload = examples_utils.get_payload_format_string(examples)
    if payload != "FORMAT_TF_EXAMPLE":
        raise DataError(f"{name}: got payload format {payload}; expected FORMAT_TF_EXAMPLE")
    files = examples_utils.get_file_format(examples)
    if files != FILE_FORMAT:
        raise DataError(f"{name}: got file format {files}; expected {FILE_FORMAT}")
    found = []
    for one in artifact_utils.decode_split_names(examples.split_names):
        for pattern in examples_utils.get_split_file_patterns([examples], one):
            everything = f"{pattern}*" if pattern.endswith(os.sep) else pattern
            found += tf.io.gfile.glob(everything)
    if not found:
        raise DataError(f"{name}: there are no files in {examples.uri}")
    return sorted(found)


def _describe(made: types.Artifact, given: types.Artifact) -> None:
    """Sets what consumers of an Examples artifact read."""
    made.split_names = artifact_utils.encode_split_names(list(SPLITS))
    examples_utils.set_payload_format(made, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(made, FILE_FORMAT)
    made.span, made.version = given.span, given.version
