"""The TFX component RelationGen."""

from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import channel_utils, component_spec, standard_artifacts

from components.relation_gen import executor


class RelationGenSpec(component_spec.ComponentSpec):
    """Inputs, outputs and properties of RelationGen."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "request": component_spec.ExecutionParameter(type=str),
        "code_fingerprint": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "tuples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "tuple_schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
    }


class RelationGen(base_beam_component.BaseBeamComponent):
    """Makes tuples of related examples, within each split, as a recipe's relation says.

    Outputs:
      tuples: Examples; the splits of the input, and `entities`: each training entity once.
      tuple_schema: the schema of the tuples.
    """

    SPEC_CLASS = RelationGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        schema: types.BaseChannel,
        request: str,
        code_fingerprint: str,
    ) -> None:
        """Declares a materialization.

        Args:
          examples: raw entities, tf.Examples in splits, one of them `train`.
          schema: their curated schema.
          request: `relation.recipe.Materialization` as JSON.
          code_fingerprint: changes when the code does, so that no stale result is taken from the
            cache (`relation.fingerprint.code_fingerprint`).
        """
        super().__init__(
            spec=RelationGenSpec(
                examples=examples,
                schema=schema,
                request=request,
                code_fingerprint=code_fingerprint,
                tuples=channel_utils.as_channel([standard_artifacts.Examples()]),
                tuple_schema=channel_utils.as_channel([standard_artifacts.Schema()]),
            )
        )
