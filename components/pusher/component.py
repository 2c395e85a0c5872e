"""The stock Pusher with our executor."""

import uuid

from tfx.components.pusher import component
from tfx.dsl.components.base import executor_spec
from tfx.proto import pusher_pb2
from tfx.types import BaseChannel

from components.pusher import executor
from relation.fingerprint import code_fingerprint


class Pusher(component.Pusher):
    """Pushes `model` to `folder/<version>/` if `model_blessing` says that it is blessed."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

    def __init__(
        self,
        model: BaseChannel,
        model_blessing: BaseChannel,
        folder: str,
        served: str | None = None,
    ):
        """Describes the step.

        Whether a push is needed depends on what is served when the run starts, so that is part of
        the cache key: a model that was once replaced, or whose folder was deleted, is pushed again.

        Args:
          model: the candidate.
          model_blessing: the Evaluator's verdict on it.
          folder: where the versions are.
          served: what stands for the served version in the key, where the pipeline is not described
            at the start of each run, or not on the machine that has the folder; by default it is
            looked up.
        """
        if served is None:
            served = executor.newest_version(folder) or f"nothing, {uuid.uuid4().hex}"
        super().__init__(
            model=model,
            model_blessing=model_blessing,
            push_destination=pusher_pb2.PushDestination(
                filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=folder)
            ),
            custom_config={
                "code_fingerprint": code_fingerprint(executor.__name__),
                "served": served,
            },
        )
