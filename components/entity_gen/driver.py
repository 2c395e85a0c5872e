"""TFX's driver of file-based ExampleGens, with errors that say what to fix."""

import json
import os
from typing import Any

import tensorflow as tf
from tfx.components.example_gen import driver
from tfx.orchestration import data_types
from tfx.types import standard_component_specs

from relation.core.errors import DataError


class Driver(driver.FileBasedDriver):
    """Resolve spans and versions of the pattern, and fingerprint the files."""

    def resolve_exec_properties(
        self,
        exec_properties: dict[str, Any],
        pipeline_info: data_types.PipelineInfo,
        component_info: data_types.ComponentInfo,
    ) -> dict[str, Any]:
        """Fill span, date and version into the pattern.

        Raises:
          DataError: no file matches a pattern with spans, a span is not a number or date, the
            splits differ in their latest span, or a file cannot be read.
        """
        # Read before TFX fills the patterns in, for the error message.
        splits = json.loads(exec_properties[standard_component_specs.INPUT_CONFIG_KEY])["splits"]
        try:
            return super().resolve_exec_properties(exec_properties, pipeline_info, component_info)
        except ValueError as error:
            base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
            patterns = " and ".join(os.path.join(base, split["pattern"]) for split in splits)
            reason = str(error)
            if "same for each split" not in reason:
                reason = f"no file matches the pattern with its span, date or version: {reason}"
            raise DataError(f"{patterns}: {reason}") from None
        except tf.errors.OpError as error:  # It asks for the size and time of each file.
            raise DataError(f"a file cannot be read: {error.message}") from None
