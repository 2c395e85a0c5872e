"""The TFX component Evaluator: TFX's own, with the corpus evaluation as input, and more gates."""

from typing import Any, ClassVar

from tensorflow_model_analysis.proto import config_pb2
from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import component_spec, standard_artifacts, standard_component_specs
from tfx.utils import json_utils

from components.evaluator import executor


class EvaluatorSpec(standard_component_specs.EvaluatorSpec):
    """Inputs, outputs and properties of TFX's Evaluator and of ours."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        **standard_component_specs.EvaluatorSpec.PARAMETERS,
        executor.GATES_KEY: component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        **standard_component_specs.EvaluatorSpec.INPUTS,
        executor.CORPUS_KEY: component_spec.ChannelParameter(
            type=standard_artifacts.ModelEvaluation
        ),
    }


class Evaluator(base_beam_component.BaseBeamComponent):
    """Blesses a model that passes every gate of the tuples and of the corpus.

    Outputs:
      evaluation: TFMA's files, and `verdict.json` (docs/evaluation.md).
      blessing: of the candidate.
    """

    SPEC_CLASS = EvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        baseline_model: types.BaseChannel,
        corpus_evaluation: types.BaseChannel,
        eval_config: config_pb2.EvalConfig,
        gates: str,
        example_splits: list[str],
        schema: types.BaseChannel,
    ) -> None:
        """Describes the step.

        Args:
          examples: tuples.
          model: the candidate.
          baseline_model: the last blessed model, if there is one.
          corpus_evaluation: output of the CorpusEvaluator.
          eval_config: the metrics that TFMA computes, and the recipe's bounds.
          gates: the recipe's `Evaluation` as JSON.
          example_splits: splits of the tuples to evaluate.
          schema: schema of the tuples.
        """
        evaluation = types.Channel(type=standard_artifacts.ModelEvaluation)
        super().__init__(
            spec=EvaluatorSpec(
                examples=examples,
                model=model,
                baseline_model=baseline_model,
                corpus_evaluation=corpus_evaluation,
                eval_config=eval_config,
                gates=gates,
                example_splits=json_utils.dumps(example_splits),
                fairness_indicator_thresholds=json_utils.dumps(None),
                schema=schema,
                evaluation=evaluation,
                blessing=types.Channel(type=standard_artifacts.ModelBlessing),
            )
        )
