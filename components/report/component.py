"""The TFX component Report."""

from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import artifact, channel_utils, component_spec, standard_artifacts

from components.report import executor


class ReportPage(artifact.Artifact):
    """A folder with `index.html`, which needs nothing else."""

    TYPE_NAME = "relata.Report"  # Kubeflow wants a namespace.


def _optional(kind: type[artifact.Artifact]) -> component_spec.ChannelParameter:
    return component_spec.ChannelParameter(type=kind, optional=True)


class ReportSpec(component_spec.ComponentSpec):
    """Inputs, outputs and properties of the Report."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "request": component_spec.ExecutionParameter(type=str),
        "code_fingerprint": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        "tuples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "examples": _optional(standard_artifacts.Examples),
        "other_examples": _optional(standard_artifacts.Examples),
        "model": _optional(standard_artifacts.Model),
        "model_run": _optional(standard_artifacts.ModelRun),
        "evaluation": _optional(standard_artifacts.ModelEvaluation),
        "corpus_evaluation": _optional(standard_artifacts.ModelEvaluation),
        "baseline_model": _optional(standard_artifacts.Model),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "report": component_spec.ChannelParameter(type=ReportPage),
    }


class Report(base_component.BaseComponent):
    """Writes what a run found as a page (`outputs["report"]`), whatever the verdict."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        tuples: types.BaseChannel,
        request: str,
        code_fingerprint: str,
        **of_model: types.BaseChannel,
    ) -> None:
        """Describes the step.

        Args:
          tuples: RelationGen's output.
          request: `request.ReportRequest` as JSON.
          code_fingerprint: changes when the code or a template does, so that no stale page is
            taken from the cache.
          **of_model: where there is a model: `model` and `model_run`, the Trainer's outputs;
            `evaluation`, the Evaluator's; `corpus_evaluation`, the CorpusEvaluator's;
            `baseline_model`, the last blessed one, of which there may be none; `examples` and
            `other_examples`, the rows of the recipe's first and second entity type, where they
            are in files of their own.
        """
        super().__init__(
            spec=ReportSpec(
                tuples=tuples,
                request=request,
                code_fingerprint=code_fingerprint,
                report=channel_utils.as_channel([ReportPage()]),
                **of_model,
            )
        )
