"""ImportSchemaGen whose cache key holds the content of the schema file, not only its path."""

from typing import Any, ClassVar

from tfx import types
from tfx.components.schema_gen.import_schema_gen import component, executor
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts, standard_component_specs

CONTENT_FINGERPRINT_KEY = "content_fingerprint"


class CuratedSchemaGenSpec(component_spec.ComponentSpec):
    """TFX's ImportSchemaGenSpec and a fingerprint, which nobody reads but the cache."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        **standard_component_specs.ImportSchemaGenSpec.PARAMETERS,
        CONTENT_FINGERPRINT_KEY: component_spec.ExecutionParameter(type=str),
    }
    INPUTS = standard_component_specs.ImportSchemaGenSpec.INPUTS
    OUTPUTS = standard_component_specs.ImportSchemaGenSpec.OUTPUTS


class CuratedSchemaGen(component.ImportSchemaGen):
    """Copies a schema file into the pipeline (`outputs["schema"]`); node id "ImportSchemaGen"."""

    SPEC_CLASS = CuratedSchemaGenSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(self, schema_file: str, content_fingerprint: str):
        """Describes the step.

        Args:
          schema_file: path of a TFDV schema in text form.
          content_fingerprint: of its content
            (`relation.core.fingerprint.content_fingerprint(path.read_bytes())`).
        """
        spec = CuratedSchemaGenSpec(
            schema_file=schema_file,
            content_fingerprint=content_fingerprint,
            schema=types.Channel(type=standard_artifacts.Schema),
        )
        # Past ImportSchemaGen's own, which makes the specification without a fingerprint.
        base_component.BaseComponent.__init__(self, spec=spec)
        self.with_id("ImportSchemaGen")
