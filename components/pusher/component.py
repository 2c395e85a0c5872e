"""TFX's Pusher with our executor, and the Evaluator's verdict as a further input."""

import uuid
from typing import Any, ClassVar

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.proto import pusher_pb2
from tfx.types import BaseChannel, component_spec, standard_artifacts, standard_component_specs
from tfx.utils import json_utils

from components.pusher import executor
from relation.core.fingerprint import code_fingerprint


class PusherSpec(standard_component_specs.PusherSpec):
    """Inputs, outputs and properties of TFX's Pusher, and ours."""

    INPUTS: ClassVar[dict[str, Any]] = {
        **standard_component_specs.PusherSpec.INPUTS,
        executor.EVALUATION: component_spec.ChannelParameter(
            type=standard_artifacts.ModelEvaluation
        ),
    }


class Pusher(base_component.BaseComponent):
    """Pushes `model` to `folder/<version>/` if `model_blessing` says that it is blessed."""

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        model: BaseChannel,
        model_blessing: BaseChannel,
        evaluation: BaseChannel,
        folder: str,
        served: str | None = None,
    ):
        """Describes the step.

        Whether a push is needed depends on what is served when the run starts, so that is part of
        the cache key: a model that was once replaced, or whose folder was deleted, is pushed again.

        Args:
          model: the candidate.
          model_blessing: the Evaluator's verdict on it.
          evaluation: what the Evaluator found, for the decision threshold that the model carries.
          folder: where the versions are.
          served: what stands for the served version in the key, where the pipeline is not described
            at the start of each run, or not on the machine that has the folder; by default it is
            looked up.
        """
        if served is None:
            served = executor.newest_version(folder) or f"nothing, {uuid.uuid4().hex}"
        super().__init__(
            spec=PusherSpec(
                model=model,
                model_blessing=model_blessing,
                evaluation=evaluation,
                push_destination=pusher_pb2.PushDestination(
                    filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=folder)
                ),
                custom_config=json_utils.dumps(
                    {"code_fingerprint": code_fingerprint(executor.__name__), "served": served}
                ),
                pushed_model=types.Channel(type=standard_artifacts.PushedModel),
            )
        )
