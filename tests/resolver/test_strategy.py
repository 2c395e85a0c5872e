"""The strategy on artifacts in a real ML Metadata store."""

import pytest
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2
from tfx.components.evaluator import constants
from tfx.types import standard_artifacts

from components.resolver import strategy


@pytest.fixture
def store(tmp_path):
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()  # SQLite in memory.
    return Store(metadata_store.MetadataStore(config), tmp_path)


class Store:
    """Adds models, blessings and executions to a store; ids are in order of creation."""

    def __init__(self, store, folder):
        self.store = store
        self.folder = folder

    def _put(self, artifact):
        artifact.set_mlmd_artifact_type(
            metadata_store_pb2.ArtifactType(
                id=self.store.put_artifact_type(artifact.artifact_type), name=artifact.type_name
            )
        )
        [artifact.id] = self.store.put_artifacts([artifact.mlmd_artifact])
        return artifact

    def model(self):
        model = standard_artifacts.Model()
        model.uri = str(self.folder)
        return self._put(model)

    def blessing(self, model, blessed=1):
        artifact = standard_artifacts.ModelBlessing()
        artifact.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
        artifact.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, blessed)
        return self._put(artifact)

    def execution(self, kind, output):
        type_id = self.store.put_execution_type(metadata_store_pb2.ExecutionType(name=kind))
        [execution] = self.store.put_executions([metadata_store_pb2.Execution(type_id=type_id)])
        event = metadata_store_pb2.Event(
            artifact_id=output.id, execution_id=execution, type=metadata_store_pb2.Event.OUTPUT
        )
        self.store.put_events([event])

    def resolve(self, models, blessings, candidates):
        """Return the ids that the strategy resolves."""
        resolved = strategy.LatestOtherBlessedModelStrategy().resolve_artifacts(
            self.store, {"model": models, "model_blessing": blessings, "candidate": candidates}
        )
        return {key: [artifact.id for artifact in values] for key, values in resolved.items()}


def picked(model, blessing, candidate):
    return {
        "model": [model.id] if model else [],
        "model_blessing": [blessing.id] if blessing else [],
        "candidate": [candidate.id] if candidate else [],
    }


def test_nothing_yet(store):
    assert store.resolve([], [], []) == picked(None, None, None)


def test_none_blessed(store):
    old, new = store.model(), store.model()
    assert store.resolve([old, new], [], [new]) == picked(None, None, new)


def test_only_the_candidate_blessed(store):
    old, new = store.model(), store.model()
    blessings = [store.blessing(old, 0), store.blessing(new)]
    assert store.resolve([old, new], blessings, [new]) == picked(None, None, new)


def test_an_older_one_blessed(store):
    old, new = store.model(), store.model()
    blessing = store.blessing(old)
    assert store.resolve([old, new], [blessing], [new]) == picked(old, blessing, new)


def test_two_blessed_of_which_one_is_the_candidate(store):
    old, new = store.model(), store.model()
    blessings = [store.blessing(old), store.blessing(new)]
    assert store.resolve([old, new], blessings, [new]) == picked(old, blessings[0], new)
    assert store.resolve([old, new], blessings, [old]) == picked(new, blessings[1], old)


def test_refused_ones_are_ignored(store):
    good, refused, new = store.model(), store.model(), store.model()
    blessings = [store.blessing(good), store.blessing(refused, 0)]
    actual = store.resolve([good, refused, new], blessings, [new])
    assert actual == picked(good, blessings[0], new)


def test_the_order_is_that_of_the_blessings(store):
    first, second, new = store.model(), store.model(), store.model()
    blessings = [store.blessing(second), store.blessing(first)]
    for order in (blessings, blessings[::-1]):
        assert store.resolve([second, new, first], order, [new]) == picked(first, blessings[1], new)


def test_a_blessed_model_that_is_gone(store):
    gone, old, new = store.model(), store.model(), store.model()
    blessings = [store.blessing(old), store.blessing(gone)]
    assert store.resolve([old, new], blessings, [new]) == picked(old, blessings[0], new)


def test_of_several_candidates_the_one_of_the_latest_execution(store):
    first, second = store.model(), store.model()
    store.execution("tfx.components.trainer.component.Trainer", first)
    store.execution("tfx.components.trainer.component.Trainer", second)
    store.execution("tfx.components.trainer.component.Trainer", first)  # Served from the cache.
    store.execution("tfx.dsl.components.common.resolver.Resolver", second)
    blessing = store.blessing(second)
    actual = store.resolve([first, second], [blessing], [second, first])
    assert actual == picked(second, blessing, first)


def test_without_executions_the_newest_artifact_is_the_output(store):
    first, second, third = store.model(), store.model(), store.model()
    assert strategy.latest_output(store.store, [first, third, second]).id == third.id
    assert strategy.latest_output(store.store, [second]).id == second.id
    assert strategy.latest_output(store.store, []) is None
    store.execution("tfx.dsl.components.common.resolver.Resolver", first)
    assert strategy.latest_output(store.store, [second, first]).id == second.id
