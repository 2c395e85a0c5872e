"""The stock Evaluator with our executor."""

from tfx.components.evaluator import component
from tfx.dsl.components.base import executor_spec

from components.evaluator import executor


class Evaluator(component.Evaluator):
    """See TFX's Evaluator; a baseline that is the candidate itself is left out."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)
