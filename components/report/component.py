"""The TFX component Report."""

from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import artifact, channel_utils, component_spec, standard_artifacts

from components.report import executor


class ReportPage(artifact.Artifact):
    """A folder with the self-contained page `index.html`."""

    TYPE_NAME = "relata.Report"  # Kubeflow requires a namespace.


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
    """Write the results of a run as a page (`outputs["report"]`), whatever the verdict."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        tuples: types.BaseChannel,
        request: str,
        code_fingerprint: str,
        **model_inputs: types.BaseChannel,
    ) -> None:
        """Describe the node.

        Args:
          tuples: RelationGen's output.
          request: `request.ReportRequest` as JSON.
          code_fingerprint: of sources and templates, so that edited ones run again.
          **model_inputs: where there is a model: the Trainer's `model` and `model_run`, the
            Evaluator's `evaluation`, the CorpusEvaluator's `corpus_evaluation`, and the last
            blessed `baseline_model`, if any. `examples` and `other_examples`: rows of the first
            and second entity type, where they have files of their own.
        """
        super().__init__(
            spec=ReportSpec(
                tuples=tuples,
                request=request,
                code_fingerprint=code_fingerprint,
                report=channel_utils.as_channel([ReportPage()]),
                **model_inputs,
            )
        )
