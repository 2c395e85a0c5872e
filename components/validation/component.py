"""StrictExampleValidator: examples that are not what their schema says stop the run."""

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
    """TFX's ExampleValidatorSpec, a name for the examples and a fingerprint for the cache."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        **standard_component_specs.ExampleValidatorSpec.PARAMETERS,
        executor.TITLE_KEY: component_spec.ExecutionParameter(type=str),
        CODE_FINGERPRINT_KEY: component_spec.ExecutionParameter(type=str),
    }
    INPUTS = standard_component_specs.ExampleValidatorSpec.INPUTS
    OUTPUTS = standard_component_specs.ExampleValidatorSpec.OUTPUTS


class StrictExampleValidator(component.ExampleValidator):
    """Compares statistics with a schema (`outputs["anomalies"]`) and fails if they differ.

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
        """Describes the step.

        Args:
          statistics: ExampleStatistics of the examples.
          schema: what they should be.
          exclude_splits: splits that are not looked at.
          title: what the message calls the examples, in the plural.
          code_fingerprint: of the sources, so that edited ones run again
            (`relation.core.fingerprint.code_fingerprint("components.validation.executor")`).
        """
        spec = StrictExampleValidatorSpec(
            statistics=statistics,
            schema=schema,
            exclude_splits=json_utils.dumps(list(exclude_splits)),
            title=title,
            code_fingerprint=code_fingerprint,
            anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
        )
        # Past ExampleValidator's own, which makes the specification without ours.
        base_component.BaseComponent.__init__(self, spec=spec)
