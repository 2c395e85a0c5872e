"""The TFX component RelationGen."""

from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import channel_utils, component_spec, standard_artifacts

from components.relation_gen import executor


def _examples() -> component_spec.ChannelParameter:
    return component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True)


def _schema(*, optional: bool = True) -> component_spec.ChannelParameter:
    return component_spec.ChannelParameter(type=standard_artifacts.Schema, optional=optional)


class RelationGenSpec(component_spec.ComponentSpec):
    """Inputs, outputs and properties of RelationGen."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "request": component_spec.ExecutionParameter(type=str),
        "code_fingerprint": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        "examples": _examples(),
        "schema": _schema(optional=False),
        "other_examples": _examples(),
        "other_schema": _schema(),
        "edges": _examples(),
        "edge_schema": _schema(),
        "negatives": _examples(),
        "negative_schema": _schema(),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "tuples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "tuple_schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
    }


class RelationGen(base_beam_component.BaseBeamComponent):
    """Makes tuples of related examples within each split, according to a recipe's relation.

    Outputs:
      tuples: Examples; the splits of the input, and `entities`: each training entity once.
      tuple_schema: the schema of the tuples.
    """

    SPEC_CLASS = RelationGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

    def __init__(
        self,
        schema: types.BaseChannel,
        request: str,
        code_fingerprint: str,
        examples: types.BaseChannel | None = None,
        other_examples: types.BaseChannel | None = None,
        other_schema: types.BaseChannel | None = None,
        edges: types.BaseChannel | None = None,
        edge_schema: types.BaseChannel | None = None,
        negatives: types.BaseChannel | None = None,
        negative_schema: types.BaseChannel | None = None,
    ) -> None:
        """Declares a run of RelationGen.

        Args:
          schema: the curated schema of the first entity type of the request's `entities`.
          request: `relation.compiled.CompiledRelation` as JSON.
          code_fingerprint: hash of the code, so that the cache serves no stale result
            (`relation.core.fingerprint.code_fingerprint`).
          examples: raw entities of that type, tf.Examples in the splits `train` and `eval`; none
            where they come with the rows of `edges`.
          other_examples, other_schema: the same for the second entity type, if there is one; no
            examples where they are generated from the labels of the first.
          edges: the rows that relate entities, or that hold the members of tuples: in the splits of
            the entities; or in the one split `all`, and then in that of the entities they name.
          edge_schema: their schema.
          negatives: rows that name the negatives of anchors, with the probability of each; split
            like `edges`.
          negative_schema: their schema.
        """
        channels = {
            "schema": schema,
            "examples": examples,
            "other_examples": other_examples,
            "other_schema": other_schema,
            "edges": edges,
            "edge_schema": edge_schema,
            "negatives": negatives,
            "negative_schema": negative_schema,
        }
        super().__init__(
            spec=RelationGenSpec(
                **{name: channel for name, channel in channels.items() if channel is not None},
                request=request,
                code_fingerprint=code_fingerprint,
                tuples=channel_utils.as_channel([standard_artifacts.Examples()]),
                tuple_schema=channel_utils.as_channel([standard_artifacts.Schema()]),
            )
        )
