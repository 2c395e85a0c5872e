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


NAMES = ["a [x]", "a*", "what?", "a\\b", "{SPAN}", "größe [1]"]


@pytest.mark.parametrize("name", NAMES)
def test_nodes_see_a_folder_that_tfx_would_take_for_a_glob_by_a_link(monkeypatch, tmp_path, name):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path / name))
    paths = RunPaths.of("cats")
    for _ in range(2):  # The second time the link is there.
        paths.make()
        assert paths.root == tmp_path / name / "cats"
        for folder in (paths.pipeline, paths.serving, paths.data):
            assert not set("*?[{\\") & set(str(folder))
            assert folder.resolve() == paths.root / folder.name
            assert folder == getattr(RunPaths.of("cats"), folder.name)
    (paths.pipeline / "file").touch()
    assert (tmp_path / name / "cats" / "pipeline" / "file").exists()
    assert len(list((tmp_path / "cache" / "relata" / "runs").iterdir())) == 1


def test_two_folders_have_two_links_and_a_wrong_one_is_put_right(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    one, other = RunPaths(tmp_path / "a*"), RunPaths(tmp_path / "a?")
    one.make()
    other.make()
    link = one.pipeline.parent
    link.unlink()
    link.symlink_to(other.root)
    one.make()
    assert one.pipeline.resolve() == one.root / "pipeline"
    assert other.pipeline.resolve() == other.root / "pipeline"


@pytest.mark.parametrize(
    ("cache", "reason"),
    [("file", r"Not a directory"), ("c[ache]", r"its path holds a wildcard, too")],
)
def test_a_link_that_cannot_be_made_is_named(monkeypatch, tmp_path, cache, reason):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / cache))
    with pytest.raises(UserError) as raised:
        RunPaths(tmp_path / "a [x]").make()
    message = str(raised.value)
    assert message.startswith(f"{tmp_path}/a [x]: the output folder's path holds '[', which TFX ")
    assert f"{tmp_path}/{cache}/relata/runs/" in message
    assert f"({reason}); set XDG_CACHE_HOME to a folder that can be written" in message


@pytest.mark.parametrize("name", ["größe x; 'y'", "a, b=1", "%41#1"])
def test_spaces_and_other_letters_need_no_link(monkeypatch, tmp_path, name):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    paths = RunPaths(tmp_path / name)
    paths.make()
    assert paths.pipeline == tmp_path / name / "pipeline"
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_cannot_be_made_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").touch()  # Below a file nobody can write, not even root.
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path / "file"))
    with pytest.raises(
        UserError, match=r"file/cats: the output folder cannot be written \(Not a dir"
    ):
        RunPaths.of("cats").make()
