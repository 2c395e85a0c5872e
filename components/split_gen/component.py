"""The TFX component SplitGen."""

from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import channel_utils, component_spec, standard_artifacts

from components.split_gen import executor


def _examples(*, optional: bool = False) -> component_spec.ChannelParameter:
    return component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=optional)


class SplitGenSpec(component_spec.ComponentSpec):
    """Inputs, outputs and properties of SplitGen."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "request": component_spec.ExecutionParameter(type=str),
        "code_fingerprint": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        "examples": _examples(),
        "other_examples": _examples(optional=True),
        "edges": _examples(optional=True),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "split_examples": _examples(),
        "split_other_examples": _examples(optional=True),
        "split_edges": _examples(optional=True),
    }


class SplitGen(base_beam_component.BaseBeamComponent):
    """Splits entities, and the edges between them, by connected component or by time.

    Outputs, all Examples with the splits of the request's shares:
      split_examples: the rows of `examples`; beside its splits is `split_stats.json`.
      split_other_examples, split_edges: the rows of `other_examples` and `edges`, if present.
    """

    SPEC_CLASS = SplitGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        request: str,
        code_fingerprint: str,
        other_examples: types.BaseChannel | None = None,
        edges: types.BaseChannel | None = None,
    ) -> None:
        """Declares a split.

        Args:
          examples: entities of the request's first type, tf.Examples in any splits.
          request: `request.SplitRequest` as JSON.
          code_fingerprint: changes when the code does, so that no stale result is taken from the
            cache (`relation.core.fingerprint.code_fingerprint("components.split_gen.executor")`).
          other_examples: entities of the request's second type.
          edges: rows that connect entities, as the request's `edges` describes.
        """
        inputs = {"examples": examples, "other_examples": other_examples, "edges": edges}
        inputs = {name: channel for name, channel in inputs.items() if channel is not None}
        outputs = {
            executor.output_of(name): channel_utils.as_channel([standard_artifacts.Examples()])
            for name in inputs
        }
        super().__init__(
            spec=SplitGenSpec(
                request=request,
                code_fingerprint=code_fingerprint,
                **inputs,
                **outputs,
            )
        )
