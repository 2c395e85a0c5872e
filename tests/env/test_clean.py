import pytest

from scripts.clean import clean, runs_folder


def test_removes_runs_and_caches_and_keeps_the_environment(tmp_path):
    for name in (
        ".venv/lib/__pycache__",
        "relation/deep/__pycache__",
        "runs/digits",
        "build",
        ".mypy_cache",
    ):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "relation" / "spec.py").touch()
    clean(tmp_path, "")
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {
        *(".venv", ".venv/lib", ".venv/lib/__pycache__"),
        *("relation", "relation/deep", "relation/spec.py"),
    }


@pytest.mark.parametrize("named", ["..", ".", "/", "../elsewhere", "/tmp"])
def test_runs_outside_the_project_are_left_alone(tmp_path, named):
    assert runs_folder(tmp_path, named) is None


def test_runs_inside_the_project_may_be_named(tmp_path):
    assert runs_folder(tmp_path, "out/runs") == tmp_path / "out" / "runs"
    assert runs_folder(tmp_path, str(tmp_path / "mine")) == tmp_path / "mine"
