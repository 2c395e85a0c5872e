"""TFX's driver of file-based ExampleGens, whose errors say what to mend."""

import json
import os
from typing import Any

from tfx.components.example_gen import driver
from tfx.orchestration import data_types
from tfx.types import standard_component_specs

from relation.errors import DataError


class Driver(driver.FileBasedDriver):
    """Resolves spans and versions of the pattern, and fingerprints the files."""

    def resolve_exec_properties(
        self,
        exec_properties: dict[str, Any],
        pipeline_info: data_types.PipelineInfo,
        component_info: data_types.ComponentInfo,
    ) -> dict[str, Any]:
        """Fills the pattern in.

        Raises:
          DataError: no file matches a pattern with spans, or what is there is no number or date.
        """
        # Before TFX fills it in.
        splits = json.loads(exec_properties[standard_component_specs.INPUT_CONFIG_KEY])["splits"]
        try:
            return super().resolve_exec_properties(exec_properties, pipeline_info, component_info)
        except ValueError as error:
            base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
            pattern = os.path.join(base, splits[0]["pattern"])
            raise DataError(
                f"{pattern}: no file matches with a span, date or version in it: {error}"
            ) from None
