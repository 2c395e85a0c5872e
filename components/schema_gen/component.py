"""ImportSchemaGen whose cache key holds the content of the schema file, not only its path."""

from typing import Any, ClassVar

from tfx import types
from tfx.components.schema_gen.import_schema_gen import component, executor
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts, standard_component_specs

CONTENT_FINGERPRINT_KEY = "content_fingerprint"


class CuratedSchemaGenSpec(component_spec.ComponentSpec):
    """TFX's ImportSchemaGenSpec, and a content fingerprint that only the cache key uses."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        **standard_component_specs.ImportSchemaGenSpec.PARAMETERS,
        CONTENT_FINGERPRINT_KEY: component_spec.ExecutionParameter(type=str),
    }
    INPUTS = standard_component_specs.ImportSchemaGenSpec.INPUTS
    OUTPUTS = standard_component_specs.ImportSchemaGenSpec.OUTPUTS


class CuratedSchemaGen(component.ImportSchemaGen):
    """Copy a schema file into the pipeline (`outputs["schema"]`); node id "ImportSchemaGen"."""

    SPEC_CLASS = CuratedSchemaGenSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(self, schema_file: str, content_fingerprint: str):
        """Describe the node.

        Args:
          schema_file: path of a TFDV schema in text form.
          content_fingerprint: hash of the file's content, see `relation.core.fingerprint`.
        """
        spec = CuratedSchemaGenSpec(
            schema_file=schema_file,
            content_fingerprint=content_fingerprint,
            schema=types.Channel(type=standard_artifacts.Schema),
        )
        # Skips ImportSchemaGen.__init__, whose specification has no fingerprint.
        base_component.BaseComponent.__init__(self, spec=spec)
        self.with_id("ImportSchemaGen")
