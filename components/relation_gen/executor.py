"""The executor of RelationGen: artifacts in, artifacts out; the work is done in `run.py`."""

import os
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.relation_gen import stats
from components.relation_gen.run import input_files, materialize
from relation.errors import DataError
from relation.names import ENTITIES
from relation.recipe import Materialization
from relation.schema import tuple_schema

SCHEMA_FILE = "schema.pbtxt"
FILE_FORMAT = "tfrecords_gzip"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Makes tuples of the examples of each split, and the schema of the tuples."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See `component.RelationGen` for inputs, outputs and properties.

        Raises:
          UserError: the data cannot serve; the message says what to mend.
        """
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        tuples = artifact_utils.get_single_instance(output_dict["tuples"])
        request = Materialization.model_validate_json(exec_properties["request"])
        schema = _read_schema(artifact_utils.get_single_instance(input_dict["schema"]))
        _check_formats(examples)
        splits = artifact_utils.decode_split_names(examples.split_names)
        files = [
            file
            for split in splits
            for file in input_files(
                [
                    f"{pattern}*" if pattern.endswith(os.sep) else pattern
                    for pattern in examples_utils.get_split_file_patterns([examples], split)
                ],
                split,
            )
        ]
        found = materialize(
            request, schema, files, splits, [], tuples.uri, self._make_beam_pipeline
        )
        _describe(tuples, examples, [*splits, ENTITIES], found)
        folder = artifact_utils.get_single_uri(output_dict["tuple_schema"])
        described = tuple_schema(request.tuples, schema, request.id_feature)
        io_utils.write_string_file(
            os.path.join(folder, SCHEMA_FILE), text_format.MessageToString(described)
        )


def _read_schema(artifact: types.Artifact) -> schema_pb2.Schema:
    path = io_utils.get_only_uri_in_dir(artifact.uri)
    return io_utils.parse_pbtxt_file(path, schema_pb2.Schema())


def _check_formats(examples: types.Artifact) -> None:
    payload = examples_utils.get_payload_format_string(examples)
    if payload != "FORMAT_TF_EXAMPLE":
        raise DataError(f"examples: got payload format {payload}; expected FORMAT_TF_EXAMPLE")
    files = examples_utils.get_file_format(examples)
    if files != FILE_FORMAT:
        raise DataError(f"examples: got file format {files}; expected {FILE_FORMAT}")


def _describe(
    tuples: types.Artifact, examples: types.Artifact, splits: list[str], found: stats.Stats
) -> None:
    """Sets what consumers of an Examples artifact read, and the counts."""
    tuples.split_names = artifact_utils.encode_split_names(splits)
    examples_utils.set_payload_format(tuples, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(tuples, FILE_FORMAT)
    tuples.span, tuples.version = examples.span, examples.version
    for name, count in stats.properties(found).items():
        tuples.set_int_custom_property(name, count)
