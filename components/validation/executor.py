"""The executor of StrictExampleValidator: TFX's, but anomalies are an error."""

import os
from typing import Any

from absl import logging
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.components.example_validator import executor
from tfx.proto.orchestration import execution_result_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils

from components.validation import message
from relation.core.errors import DataError

TITLE_KEY = "title"


class Executor(executor.Executor):
    """Write the anomalies as TFX does, then fail if there are any.

    The local engine deletes the outputs of a failed step, so all anomalies are logged too.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> execution_result_pb2.ExecutorOutput:
        """Validate; parameters are TFX's own, and `title`, the subject of the message.

        Raises:
          DataError: a split has anomalies; the message lists the first ones.
        """
        result = super().Do(input_dict, output_dict, exec_properties)
        artifact = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.ANOMALIES_KEY]
        )
        anomalies = {
            split: _read(artifact_utils.get_split_uri([artifact], split))
            for split in artifact_utils.decode_split_names(artifact.split_names)
        }
        lines = message.anomaly_lines(anomalies)
        for line in lines:
            logging.error("%s: %s", exec_properties[TITLE_KEY], line)
        if lines:
            raise DataError(message.summary(exec_properties[TITLE_KEY], lines))
        return result


def _read(folder: str) -> anomalies_pb2.Anomalies:
    content = io_utils.read_bytes_file(os.path.join(folder, executor.DEFAULT_FILE_NAME))
    return anomalies_pb2.Anomalies.FromString(content)
