"""Paths of a run's outputs."""

import pytest

from pipeline import paths
from pipeline.paths import RunPaths
from relation.core.errors import UserError
from relation.load import PROJECT


def test_runs_are_in_the_project_unless_moved(monkeypatch, tmp_path):
    monkeypatch.delenv("RELATA_RUNS", raising=False)
    assert RunPaths.of("cats").root == PROJECT / "runs" / "cats"
    monkeypatch.setenv("RELATA_RUNS", "")
    assert RunPaths.of("cats").root == PROJECT / "runs" / "cats"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELATA_RUNS", "elsewhere")
    assert RunPaths.of("cats").root == tmp_path / "elsewhere" / "cats"


def test_runs_of_an_installed_package_are_in_the_current_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("RELATA_RUNS", raising=False)
    monkeypatch.setattr(paths, "PROJECT", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    assert RunPaths.of("cats").root == tmp_path / "runs" / "cats"


def test_names_are_those_of_the_contract(tmp_path):
    paths = RunPaths(tmp_path)
    paths.make()
    paths.make()  # Again is no error.
    assert paths.pipeline == tmp_path / "pipeline"
    assert paths.metadata == tmp_path / "metadata.sqlite"
    assert paths.serving == tmp_path / "serving"
    assert paths.verdict == tmp_path / "verdict.json"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "logs",
        "pipeline",
        "serving",
        "tfx",
    ]


@pytest.mark.parametrize("name", ["a [x]", "a*", "what?", "a\\b"])
def test_a_folder_that_tfx_would_take_for_a_glob_is_refused_at_once(monkeypatch, tmp_path, name):
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path / name))
    with pytest.raises(UserError) as raised:
        RunPaths.of("cats").make()
    assert str(raised.value).startswith(f"{tmp_path / name}/cats: the output folder's path holds ")
    assert "set RELATA_RUNS to a folder without" in str(raised.value)
    assert not (tmp_path / name).exists()


def test_spaces_and_other_letters_are_fine(monkeypatch, tmp_path):
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path / "größe x; {SPAN} 'y'"))
    RunPaths.of("cats").make()


def test_a_folder_that_cannot_be_made_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").touch()  # Below a file nobody can write, not even root.
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path / "file"))
    with pytest.raises(
        UserError, match=r"file/cats: the output folder cannot be written \(Not a dir"
    ):
        RunPaths.of("cats").make()
