"""Picks the latest blessed model other than the candidate.

TFX's own LatestBlessedModelStrategy takes the latest blessed model whatever it is. When an
unchanged pipeline runs again, that is the candidate itself: it would be compared with itself, by
an evaluation that the cache has not seen.
"""

import ml_metadata
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.common import resolver

MODEL = "model"
MODEL_BLESSING = "model_blessing"
CANDIDATE = "candidate"

MODEL_ID = constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY
BLESSED = constants.ARTIFACT_PROPERTY_BLESSED_KEY


class LatestOtherBlessedModelStrategy(resolver.ResolverStrategy):
    """Resolves the model, other than the candidate, that was blessed last, and its blessing.

    So a model that is never blessed again stays the baseline of its successor: an unchanged run
    finds the same baseline as the run before, and its evaluation in the cache.
    """

    def resolve_artifacts(
        self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Resolves from what the pipeline has made so far.

        Args:
          store: the metadata.
          input_dict: `model`: all models; `model_blessing`: all verdicts; `candidate`: the model of
            this run, or (the launcher that Airflow uses tells no runs apart) all that its node has
            made; then it is the one of the latest execution, cached or not.

        Returns:
          At most one `model` with its `model_blessing`, and the `candidate`.
        """
        candidate = latest_made(store, input_dict[CANDIDATE])
        found = latest_blessed(
            [model for model in input_dict[MODEL] if candidate is None or model.id != candidate.id],
            input_dict[MODEL_BLESSING],
        )
        model, blessing = found or (None, None)
        return {
            MODEL: [model] if model else [],
            MODEL_BLESSING: [blessing] if blessing else [],
            CANDIDATE: [candidate] if candidate else [],
        }


def latest_blessed(
    models: list[types.Artifact], blessings: list[types.Artifact]
) -> tuple[types.Artifact, types.Artifact] | None:
    """The model with the latest favourable verdict, and that verdict; None if there is none."""
    by_id = {model.id: model for model in models}
    for blessing in sorted(blessings, key=lambda artifact: artifact.id, reverse=True):
        model_id = blessing.get_int_custom_property(MODEL_ID)
        blessed = blessing.get_int_custom_property(BLESSED)
        if blessed == constants.BLESSED_VALUE and model_id in by_id:
            return by_id[model_id], blessing
    return None


def latest_made(
    store: ml_metadata.MetadataStore, artifacts: list[types.Artifact]
) -> types.Artifact | None:
    """Of what one node has made, the output of its latest execution; None if there is nothing.

    An execution that the cache served counts: it has the old artifact as its output. So do not the
    executions of resolvers, which pass on what others made.
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
    makers = {run.id for run in executions if run.type_id not in resolver_types}
    made = [event for event in events if event.execution_id in makers]
    if not made:
        return max(artifacts, key=lambda artifact: artifact.id)
    return by_id[max(made, key=lambda event: event.execution_id).artifact_id]
