"""Resolver strategy: the latest blessed model other than the candidate.

TFX's own LatestBlessedModelStrategy may resolve the candidate itself, when an unchanged pipeline
runs again. The candidate would then be compared with itself, and the cache would miss.
"""

import logging

import ml_metadata
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.common import resolver
from tfx.dsl.io import fileio

MODEL = "model"
MODEL_BLESSING = "model_blessing"
CANDIDATE = "candidate"

MODEL_ID = constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY
BLESSED = constants.ARTIFACT_PROPERTY_BLESSED_KEY


class LatestBlessedModelStrategy(resolver.ResolverStrategy):
    """Resolve the latest blessed model that still has its files, and its blessing."""

    def resolve_artifacts(
        self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolve among all `model`s and `model_blessing`s of the pipeline: at most one of each."""
        return _outputs(latest_blessed(input_dict[MODEL], input_dict[MODEL_BLESSING]))


class LatestOtherBlessedModelStrategy(resolver.ResolverStrategy):
    """Resolve the latest blessed model other than the candidate, and its blessing.

    An unchanged run resolves the same baseline as the run before, and so hits the cache.
    """

    def resolve_artifacts(
        self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolve among the artifacts of all runs of the pipeline.

        Args:
          store: ML Metadata.
          input_dict: all `model`s, all `model_blessing`s, and the `candidate` of this run.
            Airflow's launcher passes the candidates of all runs; the latest execution's counts.

        Returns:
          At most one `model` with its `model_blessing`, and the `candidate`.
        """
        candidate = latest_output(store, input_dict[CANDIDATE])
        latest = latest_blessed(
            [model for model in input_dict[MODEL] if candidate is None or model.id != candidate.id],
            input_dict[MODEL_BLESSING],
        )
        return {**_outputs(latest), CANDIDATE: [candidate] if candidate else []}


def _outputs(
    latest: tuple[types.Artifact, types.Artifact] | None,
) -> dict[str, list[types.Artifact]]:
    model, blessing = latest or (None, None)
    return {MODEL: [model] if model else [], MODEL_BLESSING: [blessing] if blessing else []}


def latest_blessed(
    models: list[types.Artifact], blessings: list[types.Artifact]
) -> tuple[types.Artifact, types.Artifact] | None:
    """Find the model that was blessed last and still has its files, and its blessing.

    Returns:
      The model and its blessing; None if there is none. A blessed model without files is logged.
    """
    by_id = {model.id: model for model in models}
    for blessing in sorted(blessings, key=lambda artifact: artifact.id, reverse=True):
        model = by_id.get(blessing.get_int_custom_property(MODEL_ID))
        if model is None or blessing.get_int_custom_property(BLESSED) != constants.BLESSED_VALUE:
            continue
        if fileio.exists(model.uri):
            return model, blessing
        logging.warning("Blessed model %d is left out: its files are gone: %s", model.id, model.uri)
    return None


def latest_output(
    store: ml_metadata.MetadataStore, artifacts: list[types.Artifact]
) -> types.Artifact | None:
    """Find the output of the latest execution among a node's artifacts; None if there is none.

    Executions served from the cache count: their output is the old artifact. Executions of
    resolvers do not count: they pass on artifacts of other nodes.
    """
    if len(artifacts) < 2:
        return artifacts[0] if artifacts else None
    by_id = {artifact.id: artifact for artifact in artifacts}
    resolver_types = {
        kind.id for kind in store.get_execution_types() if kind.name.endswith(".Resolver")
    }
    events = [
        event
        for event in store.get_events_by_artifact_ids(list(by_id))
        if event.type == metadata_store_pb2.Event.OUTPUT
    ]
    executions = store.get_executions_by_id({event.execution_id for event in events})
    producers = {run.id for run in executions if run.type_id not in resolver_types}
    outputs = [event for event in events if event.execution_id in producers]
    if not outputs:
        return max(artifacts, key=lambda artifact: artifact.id)
    return by_id[max(outputs, key=lambda event: event.execution_id).artifact_id]
