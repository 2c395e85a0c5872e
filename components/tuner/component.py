"""The TFX component Tuner, with an executor of our own."""

from tfx.components.tuner import component
from tfx.dsl.components.base import executor_spec

from components.tuner import executor


class Tuner(component.Tuner):
    """TFX's Tuner, whose results also list the trials that failed."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)
