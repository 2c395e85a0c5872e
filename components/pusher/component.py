"""The TFX component Pusher, with the Evaluator's verdict as a further input."""

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
    """Inputs, outputs and properties of TFX's Pusher, and the evaluation."""

    INPUTS: ClassVar[dict[str, Any]] = {
        **standard_component_specs.PusherSpec.INPUTS,
        executor.EVALUATION: component_spec.ChannelParameter(
            type=standard_artifacts.ModelEvaluation
        ),
    }


class Pusher(base_component.BaseComponent):
    """Push `model` to `folder/<version>/` if `model_blessing` says that it is blessed."""

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
        """Describe the node.

        The version served when the run starts is part of the cache key. So a model is pushed again
        after another one replaced it, or after its folder was deleted.

        Args:
          model: the candidate.
          model_blessing: the Evaluator's blessing of it.
          evaluation: the Evaluator's results, for the decision threshold that the model carries.
          folder: serving folder, with one subfolder for each version.
          served: the served version in the cache key; by default looked up in `folder`. Pass it
            where the pipeline is built on another machine, or not before each run.
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
