"""Runs that are stopped while they train: what they leave, what they say, and the next run."""

import json
import shutil
import signal
import subprocess
import sys

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from pipeline.runners.run_lock import holder
from pipeline.settings import FAILED, WRONG
from relation.load import PROJECT
from tests.e2e.helpers import (
    SCHEMA,
    UPSTREAM,
    digit_rows,
    environment,
    run_cli,
    write_recipe,
    write_rows,
)

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stopped")
    shutil.copy(SCHEMA, folder / "schema.pbtxt")
    write_rows(folder / "rows" / "part.gz", digit_rows(320))
    return write_recipe(folder / "quick.yaml")


def start_until_training(command, recipe, runs):
    """Start a run; return its process when the first epoch is done."""
    process = subprocess.Popen(
        [sys.executable, "-m", command],
        cwd=PROJECT,
        env=environment(RELATA_RECIPE=recipe, RELATA_RUNS=runs, PYTHONPATH=PROJECT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert any("epoch 1/" in line for line in process.stdout)
    return process


def unfinished(folder):
    """Executions that ML Metadata holds to be under way."""
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(folder / "metadata.sqlite")
    states = (metadata_store_pb2.Execution.NEW, metadata_store_pb2.Execution.RUNNING)
    executions = metadata_store.MetadataStore(config).get_executions()
    return [execution.id for execution in executions if execution.last_known_state in states]


def test_a_run_killed_while_it_trains_is_taken_up_by_the_next(recipe, worker, tmp_path):
    runs = tmp_path / "runs"
    process = start_until_training("pipeline.local_runner", recipe, runs)
    # Meanwhile another run of the recipe is refused, and changes nothing.
    second = run_cli(recipe, runs)
    assert second.status == WRONG
    assert second.last_line.startswith(
        f"Error: {runs / 'quick'}: another run of this recipe is in progress (process {process.pid}"
    )
    process.kill()
    process.communicate()
    assert list((runs / "quick" / "serving").iterdir()) == []
    assert not (runs / "quick" / "verdict.json").exists()
    [dead] = unfinished(runs / "quick")
    finished = worker.run(recipe, runs)
    assert finished.status == 0, finished.terminal
    assert finished.nodes("cached") == set(UPSTREAM["Trainer"])
    assert finished.verdict["verdict"] == "blessed"
    assert len(finished.versions) == 1
    assert unfinished(runs / "quick") == []
    assert list((runs / "quick" / "pipeline").glob(f"*/*/{dead}")) == []


def test_a_terminated_run_says_so_and_leaves_no_process(recipe, tmp_path):
    process = start_until_training("pipeline.run", recipe, tmp_path)
    assert holder(tmp_path / "quick" / ".lock") == process.pid  # No second process imports TFX.
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=120)
    assert process.returncode == FAILED
    verdict = json.loads((tmp_path / "quick" / "verdict.json").read_text())
    assert verdict["verdict"] == "failed"
    assert verdict["cause"] == (
        "interrupted by SIGTERM; finished components are kept, and the next run continues "
        "after them"
    )
    assert f"FAILED: {verdict['cause']}" in rest
    assert holder(tmp_path / "quick" / ".lock") is None
