"""`make env` on machines that lack something, simulated by PATH."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import make_env
from scripts.choose_stack import STACKS, CannotRun, Python

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path):
    """A copy of the inputs of `make env`, without an environment."""
    copy = tmp_path / "project"
    (copy / "scripts").mkdir(parents=True)
    for script in (ROOT / "scripts").glob("*.py"):
        shutil.copy(script, copy / "scripts")
    for name in ("pyproject.toml", "uv.lock", "setup.py", "Makefile"):
        shutil.copy(ROOT / name, copy)
    return copy


def run(project, wanted="run", **environment):
    return subprocess.run(
        [sys.executable, "-m", "scripts.make_env", wanted],
        cwd=project,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_missing_compiler_is_named_before_anything_is_made(project, tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    done = run(project, PATH=str(empty))
    assert done.returncode == 1
    assert "lacks a C compiler and a C++ compiler" in done.stderr
    assert "apt-get install gcc g++" in done.stderr
    assert not (project / ".venv").exists()
    assert not (project / ".tools").exists()


def test_missing_headers_are_named(monkeypatch):
    monkeypatch.setenv("CC", "cc")
    monkeypatch.setenv("CXX", "c++")
    with pytest.raises(
        CannotRun, match=r"headers of Python 3\.12 .*apt-get install python3\.12-dev$"
    ):
        make_env.require_compiler(STACKS[0], Python("/opt/python3.12", (3, 12, 1), False))
    make_env.require_compiler(STACKS[0], Python("/opt/python3.12", (3, 12, 1), True))


def test_a_bad_override_is_an_error(project):
    done = run(project, RELATA_STACK="tfx9")
    assert done.returncode == 1
    assert "RELATA_STACK is 'tfx9'" in done.stderr


def test_an_unknown_set_is_a_usage_error(project):
    assert run(project, "everything").returncode == 2


@pytest.fixture
def built(project, monkeypatch, tmp_path):
    """A project whose environment holds the set `unit`; commands are recorded instead of run."""
    calls = []
    monkeypatch.setattr(make_env, "ROOT", project)
    monkeypatch.setattr(make_env, "VENV", project / ".venv")
    monkeypatch.setattr(make_env, "STAMP", project / ".venv" / "relata-env.json")
    monkeypatch.setattr(make_env, "glibc_version", lambda: (2, 36))
    monkeypatch.setattr(make_env, "probe", lambda path: Python(str(path), (3, 11, 7), True))
    monkeypatch.setattr(make_env, "require_compiler", lambda stack, python: None)
    monkeypatch.setattr(make_env, "find_or_install_uv", lambda: "uv")
    monkeypatch.setattr(make_env, "call", lambda *command: calls.append(list(map(str, command))))
    monkeypatch.delenv("RELATA_STACK", raising=False)
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").touch()
    make_env.make_env("unit")
    calls.clear()
    return project, calls


def test_nothing_is_done_when_all_is_there(built):
    _, calls = built
    make_env.make_env("unit")
    make_env.make_env("run")
    assert calls == []


def test_a_larger_set_is_added_and_a_smaller_one_takes_nothing_away(built):
    _, calls = built
    make_env.make_env("test")
    (sync,) = calls
    assert sync[1] == "sync"
    assert "--inexact" in sync
    assert "airflow" in sync
    make_env.make_env("run")
    assert len(calls) == 1


def test_a_changed_lock_updates_all_that_was_installed(built):
    project, calls = built
    (project / "uv.lock").write_text("changed")
    make_env.make_env("run")
    (sync,) = calls
    assert sync[-2:] == ["--group", "dev"]


def test_an_interrupted_build_is_taken_up_again(built, monkeypatch):
    _, calls = built

    def killed(*command):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(make_env, "call", killed)
        with pytest.raises(KeyboardInterrupt):
            make_env.make_env("test")
    make_env.make_env("test")
    assert [call[1] for call in calls] == ["sync"]


def test_the_other_stack_gets_a_new_environment(built, monkeypatch):
    _, calls = built
    monkeypatch.setattr(make_env, "glibc_version", lambda: (2, 41))
    monkeypatch.setattr(
        make_env, "pythons_on_path", lambda stack: [Python("/py", (3, 12, 3), True)]
    )
    make_env.make_env("run")
    assert [call[1] for call in calls] == ["venv", "sync"]
    assert {"--clear", "/py"} <= set(calls[0])
    assert "stack-tfx121" in calls[1]
