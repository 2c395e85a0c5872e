"""The TFX component Transform, with an executor of our own."""

from tfx.components.transform import component
from tfx.dsl.components.base import executor_spec

from components.transform import executor


class Transform(component.Transform):
    """TFX's Transform, whose floats do not depend on the load of the machine."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)
