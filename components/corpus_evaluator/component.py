"""The TFX component CorpusEvaluator."""

from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import channel_utils, component_spec, standard_artifacts

from components.corpus_evaluator import executor
from relation.names import EXAMPLES, OTHER_EXAMPLES

_TYPES = {
    executor.TUPLES: standard_artifacts.Examples,
    EXAMPLES: standard_artifacts.Examples,
    OTHER_EXAMPLES: standard_artifacts.Examples,
    executor.EDGES: standard_artifacts.Examples,
    executor.MODEL: standard_artifacts.Model,
    executor.BASELINE_MODEL: standard_artifacts.Model,
}
_NEEDED = (executor.TUPLES, executor.MODEL)


class CorpusEvaluatorSpec(component_spec.ComponentSpec):
    """Inputs, outputs and properties of the CorpusEvaluator."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        executor.REQUEST: component_spec.ExecutionParameter(type=str),
        executor.CODE_FINGERPRINT: component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        name: component_spec.ChannelParameter(type=kind, optional=name not in _NEEDED)
        for name, kind in _TYPES.items()
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        executor.CORPUS_EVALUATION: component_spec.ChannelParameter(
            type=standard_artifacts.ModelEvaluation
        ),
    }


class CorpusEvaluator(base_beam_component.BaseBeamComponent):
    """Measures the embeddings of a model, and the baselines that it must beat.

    Outputs:
      corpus_evaluation: `corpus.json` and, if the relation has a question of retrieval,
        `sample.npz` (docs/evaluation.md). It has no blessing; the Evaluator's covers both.
    """

    SPEC_CLASS = CorpusEvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

    def __init__(
        self,
        tuples: types.BaseChannel,
        model: types.BaseChannel,
        baseline_model: types.BaseChannel,
        request: str,
        code_fingerprint: str,
        examples: types.BaseChannel | None = None,
        other_examples: types.BaseChannel | None = None,
        edges: types.BaseChannel | None = None,
    ) -> None:
        """Declares an evaluation.

        Args:
          tuples: output of RelationGen.
          model: the candidate.
          baseline_model: the last blessed model, if there is one.
          request: `request.CorpusRequest` as JSON.
          code_fingerprint: changes when the code does, so that no stale result is taken from the
            cache.
          examples: rows of the first entity type of the recipe, if it has its own.
          other_examples: rows of the second entity type, if it has its own.
          edges: the edge list that relates entities, if there is one.
        """
        optional = {
            EXAMPLES: examples,
            OTHER_EXAMPLES: other_examples,
            executor.EDGES: edges,
        }
        super().__init__(
            spec=CorpusEvaluatorSpec(
                tuples=tuples,
                model=model,
                baseline_model=baseline_model,
                request=request,
                code_fingerprint=code_fingerprint,
                corpus_evaluation=channel_utils.as_channel([standard_artifacts.ModelEvaluation()]),
                **{name: channel for name, channel in optional.items() if channel is not None},
            )
        )
