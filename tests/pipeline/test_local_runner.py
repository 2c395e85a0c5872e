"""The runner file: failures before the first node."""

import json
import os
import signal

import pytest

from pipeline import local_runner
from pipeline.paths import RunPaths
from pipeline.runners.run_lock import locked


@pytest.fixture
def paths(tmp_path, monkeypatch):
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path))
    monkeypatch.setenv("RELATA_RECIPE", "digits_pairs")
    paths = RunPaths.of("digits_pairs")
    paths.make()
    return paths


def test_a_wrong_recipe_leaves_no_verdict(paths, monkeypatch, capsys):
    monkeypatch.setenv("RELATA_RECIPE", "no_such_recipe")
    assert local_runner.main() == 2
    assert capsys.readouterr().err.startswith("Error: recipe 'no_such_recipe'")
    assert not paths.verdict.exists()


def test_a_second_run_is_refused_and_leaves_the_verdict_alone(paths, capsys):
    paths.verdict.write_text("of the first run")
    with locked(paths.lock):
        assert local_runner.main() == 2
    assert capsys.readouterr().err.startswith("Error: ")
    assert paths.verdict.read_text() == "of the first run"


def test_a_damaged_database_has_a_verdict_that_says_so(paths, capsys):
    paths.metadata.parent.mkdir(parents=True, exist_ok=True)
    paths.metadata.write_bytes(b"no database" * 1000)
    assert local_runner.main() == 2
    cause = capsys.readouterr().err.removeprefix("Error: ").strip()
    assert cause.startswith(f"{paths.metadata}: the database of runs")
    verdict = json.loads(paths.verdict.read_text())
    assert (verdict["recipe"], verdict["verdict"], verdict["cause"]) == (
        "digits_pairs",
        "failed",
        cause,
    )


def test_a_signal_before_the_first_node_is_the_cause(paths, capsys, monkeypatch):
    def stopped(_):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("pipeline.runners.metadata_check.require_usable", stopped)
    assert local_runner.main() == 1
    cause = capsys.readouterr().err.removeprefix("Error: ").strip()
    assert cause.startswith("interrupted by SIGTERM; ")
    assert json.loads(paths.verdict.read_text())["cause"] == cause
