"""What dead runs leave is cleared; artifacts that were moved or emptied are noticed."""

import logging
import shutil

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from pipeline.paths import RunPaths
from pipeline.runners.recovery import recover

EXECUTION = metadata_store_pb2.Execution
ARTIFACT = metadata_store_pb2.Artifact


class Folder:
    """A recipe's folder with a database of runs."""

    def __init__(self, root):
        self.paths = RunPaths(root)
        self.paths.make()

    @property
    def connection(self):
        return metadata.sqlite_metadata_connection_config(str(self.paths.metadata))

    def recover(self):
        recover(self.connection, self.paths)

    def execution(self, state, outputs=(("Trainer", "model"),), content="weights"):
        """Record an execution in a state and its outputs, of which each holds one file."""
        with metadata.Metadata(self.connection) as handle:
            store = handle.store
            kind = metadata_store_pb2.ExecutionType(name="Node")
            type_id = store.put_execution_type(kind)
            [number] = store.put_executions([EXECUTION(type_id=type_id, last_known_state=state)])
            for node, key in outputs:
                folder = self.paths.pipeline / node / key / str(number)
                folder.mkdir(parents=True)
                (folder / "file").write_text(content)
        return number

    def artifact(self, number, kind="Model", node="Trainer", key="model"):
        """Record the output of an execution as an artifact."""
        with metadata.Metadata(self.connection) as handle:
            type_id = handle.store.put_artifact_type(metadata_store_pb2.ArtifactType(name=kind))
            uri = str(self.paths.pipeline / node / key / str(number))
            artifact = ARTIFACT(type_id=type_id, uri=uri, state=ARTIFACT.LIVE)
            [artifact_id] = handle.store.put_artifacts([artifact])
        return artifact_id

    def states(self):
        with metadata.Metadata(self.connection) as handle:
            return {e.id: e.last_known_state for e in handle.store.get_executions()}

    def artifacts(self):
        with metadata.Metadata(self.connection) as handle:
            return {a.id: (a.uri, a.state) for a in handle.store.get_artifacts()}


@pytest.fixture
def cats(tmp_path):
    return Folder(tmp_path / "cats")


def test_executions_that_never_ended_are_failed_and_their_outputs_removed(cats):
    done = cats.execution(EXECUTION.COMPLETE)
    outputs = (("Trainer", "model"), ("Trainer", "model_run"))
    running = cats.execution(EXECUTION.RUNNING, outputs)
    failed = cats.execution(EXECUTION.FAILED)
    new = cats.execution(EXECUTION.NEW, ())
    cats.recover()
    assert cats.states() == {
        done: EXECUTION.COMPLETE,
        running: EXECUTION.FAILED,
        failed: EXECUTION.FAILED,
        new: EXECUTION.FAILED,
    }
    left = sorted(
        path.relative_to(cats.paths.pipeline) for path in cats.paths.pipeline.glob("*/*/*")
    )
    assert [str(path) for path in left] == [f"Trainer/model/{done}", f"Trainer/model/{failed}"]


def test_unfinished_writes_are_removed_and_nothing_else(cats):
    kept = [cats.paths.serving / "1700000000", cats.paths.data / "item", cats.paths.logs / ".x"]
    dead = [cats.paths.serving / ".pushing-0123456789ab", cats.paths.data / ".item.0123456789ab"]
    for folder in (*kept, *dead):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "file").write_text("x")
    cats.recover()
    assert [folder.exists() for folder in (*kept, *dead)] == [True] * 3 + [False] * 2
    assert not cats.paths.metadata.exists()


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize(("before", "after"), [("a", "b"), ("a [x]", "b"), ("a", "b*"), ("[", "?")])
def test_artifacts_are_found_where_their_folder_now_is(
    before, after, copied, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cats = Folder(tmp_path / before / "cats")
    number = cats.execution(EXECUTION.COMPLETE)
    model = cats.artifact(number)
    elsewhere = cats.artifact(number, "Schema", "..", "schema")  # Of a file outside of the folder.
    outside = cats.artifacts()[elsewhere]
    (shutil.copytree if copied else shutil.move)(cats.paths.root, tmp_path / after / "dogs")
    moved = Folder(tmp_path / after / "dogs")
    moved.recover()
    folder = moved.paths.pipeline / "Trainer" / "model" / str(number)
    assert moved.artifacts() == {model: (str(folder), ARTIFACT.LIVE), elsewhere: outside}
    assert folder.resolve() == tmp_path / after / "dogs" / "pipeline" / "Trainer/model" / str(
        number
    )
    content = moved.paths.metadata.read_bytes()
    moved.recover()
    assert moved.paths.metadata.read_bytes() == content


@pytest.mark.parametrize("emptied", [False, True])
def test_artifacts_without_files_are_deleted_and_a_model_is_named(emptied, cats, caplog):
    gone, kept = (cats.artifact(cats.execution(EXECUTION.COMPLETE)) for _ in range(2))
    cache = cats.artifact(cats.execution(EXECUTION.COMPLETE, ()), "TransformCache")
    (uri, _), present, empty = (cats.artifacts()[number] for number in (gone, kept, cache))
    (cats.paths.pipeline / uri / "file").unlink()
    if not emptied:
        shutil.rmtree(uri)
    with caplog.at_level(logging.WARNING, logger="relata.progress"):
        cats.recover()
    assert cats.artifacts() == {gone: (uri, ARTIFACT.DELETED), kept: present, cache: empty}
    assert not (cats.paths.pipeline / uri).exists()
    assert progress(caplog) == [
        f"the files of model {gone} are gone: {uri}",
        "artifacts without files: 1; made again where needed",
    ]
    caplog.clear()
    cats.recover()
    assert progress(caplog) == []


def progress(caplog):
    """Messages for the terminal."""
    records = caplog.records
    return [record.getMessage() for record in records if record.name == "relata.progress"]
