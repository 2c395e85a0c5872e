"""The TFX component StrictExampleValidator: examples must fit their schema."""

from collections.abc import Sequence
from typing import Any, ClassVar

from tfx import types
from tfx.components.example_validator import component
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts, standard_component_specs
from tfx.utils import json_utils

from components.validation import executor

CODE_FINGERPRINT_KEY = "code_fingerprint"


class StrictExampleValidatorSpec(component_spec.ComponentSpec):
    """TFX's ExampleValidatorSpec, a title of the examples and a fingerprint for the cache key."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        **standard_component_specs.ExampleValidatorSpec.PARAMETERS,
        executor.TITLE_KEY: component_spec.ExecutionParameter(type=str),
        CODE_FINGERPRINT_KEY: component_spec.ExecutionParameter(type=str),
    }
    INPUTS = standard_component_specs.ExampleValidatorSpec.INPUTS
    OUTPUTS = standard_component_specs.ExampleValidatorSpec.OUTPUTS


class StrictExampleValidator(component.ExampleValidator):
    """Compare statistics with a schema (`outputs["anomalies"]`), and fail if they differ.

    To use it more than once in a pipeline, name each with `with_id`.
    """

    SPEC_CLASS = StrictExampleValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        statistics: types.BaseChannel,
        schema: types.BaseChannel,
        exclude_splits: Sequence[str] = (),
        title: str = "examples",
        code_fingerprint: str = "",
    ):
        """Describe the node.

        Args:
          statistics: ExampleStatistics of the examples.
          schema: their schema.
          exclude_splits: splits that are not validated.
          title: the examples' name in error messages, in the plural.
          code_fingerprint: `code_fingerprint("components.validation.executor")`; edited sources
            run again.
        """
        spec = StrictExampleValidatorSpec(
            statistics=statistics,
            schema=schema,
            exclude_splits=json_utils.dumps(list(exclude_splits)),
            title=title,
            code_fingerprint=code_fingerprint,
            anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
        )
        # Skips ExampleValidator.__init__, whose specification has no title and fingerprint.
        base_component.BaseComponent.__init__(self, spec=spec)
