"""Run tests on a copy of the project, in a process forked after the heavy imports."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.mutants.plan import OUT_OF_TIME, Plan, limit_this_process, longest
from scripts.mutants.reach import note_functions

HEAVY = (
    *("numpy", "pandas", "pyarrow", "scipy.stats", "sklearn.metrics", "pydantic", "yaml", "jinja2"),
    *("rich.console", "matplotlib.figure", "hypothesis", "pytest", "_pytest.main", "tensorflow"),
    *("keras", "apache_beam", "apache_beam.runners.direct.direct_runner", "tensorflow_transform"),
    *("tensorflow_transform.beam", "tensorflow_data_validation", "tensorflow_model_analysis"),
    *("tensorboard", "tfx.v1", "tfx.orchestration.local.local_dag_runner", "ml_metadata"),
)
"""Libraries that a child inherits; no TensorFlow operation may run before the fork."""
PASSED, NOT_STARTED, NO_TESTS = 0, 4, 5
"""Exit codes of pytest; others count as failures."""
_FAILURE = re.compile(r"^(?:FAILED|ERROR) (\S+\.py(?:::.+?)?)(?: - .*)?$", re.MULTILINE)


def import_heavy(names: Iterable[str] = HEAVY) -> None:
    """Import the libraries that are there."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # or each fork copies the pages when it first collects


def _project_files(root: Path) -> list[str]:
    command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"]
    return [name for name in subprocess.check_output(command, text=True).split("\0") if name]


class Copy:
    """A copy of the project's files, ignored ones aside; mutants are written there alone."""

    def __init__(self, root: Path, folder: Path, names: Iterable[str] | None = None) -> None:
        self.root = root
        self.folder = folder
        for name in _project_files(root) if names is None else names:
            if (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        self._stamp = 1_000_000_000

    @contextlib.contextmanager
    def edited(self, path: str, source: str):  # type: ignore[no-untyped-def]
        """Replace a module while the context lasts."""
        target = self.folder / path
        original, stat = target.read_bytes(), target.stat()
        try:
            target.write_text(source)
            # Compiled modules are recognised by size and second: a second of its own for each.
            self._stamp += 1
            os.utime(target, (self._stamp, self._stamp))
            yield
        finally:
            target.write_bytes(original)
            os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@dataclass(frozen=True)
class Outcome:
    """How a run of tests ended, after how many CPU seconds.

    `failed` names the first test that failed, if pytest wrote it, or the one that was out of time.
    `each` holds the seconds of those that passed, and `reached` the functions that they entered.
    """

    passed: bool
    timed_out: bool
    seconds: float
    failed: str = ""
    each: Mapping[str, float] = field(default_factory=dict)
    reached: Mapping[str, list[str]] = field(default_factory=dict)


def run_tests(
    copy: Copy,
    tests: list[str],
    log: Path,
    budget: float = math.inf,
    seconds: Mapping[str, float] | None = None,
    rank: Mapping[str, float] | None = None,
) -> Outcome:
    """Run tests up to the first failure, in a fork.

    `seconds` are what each test took before. One that takes more than thrice as long, and 20 CPU
    seconds more, is out of time; CPU seconds, since the clock's depend on what else runs. Tests run
    by their `rank`, those without one in the middle.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    for suffix in (".json", ".test"):
        log.with_suffix(suffix).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        child = os.fork()
        if child == 0:
            plan = Plan(rank or {}, seconds or {}, budget)
            _exit_with(lambda: _child(copy, tests, log, Path(scratch), plan))
        _, status, usage = os.wait4(child, 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what the tests left behind
    code = os.waitstatus_to_exitcode(status)
    if code == NOT_STARTED:
        raise RuntimeError(log.read_text(errors="replace"))
    timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) in OUT_OF_TIME
    last = log.with_suffix(".test")
    return Outcome(
        passed=code in (PASSED, NO_TESTS),
        timed_out=timed_out,
        seconds=usage.ru_utime + usage.ru_stime,
        failed=last.read_text() if timed_out and last.exists() else _first_failure(log),
        **_read(log.with_suffix(".json")),
    )


def _exit_with(work: Callable[[], int]) -> None:
    """Leave a forked process without the parent's clean-up."""
    code = 70
    try:
        code = work()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _child(copy: Copy, tests: list[str], log: Path, scratch: Path, plan: Plan) -> int:
    """Run pytest in the copy, its output in the log."""
    os.setpgid(0, 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _enter(copy, scratch)
    limit_this_process(longest(20.0))  # the imports take about as long

    options = ["-x", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider"]
    options += ["-p", "no:xdist", f"--rootdir={copy.folder}", f"--basetemp={scratch / 'pytest'}"]
    if "hypothesis" in sys.modules:
        options.append("--hypothesis-seed=0")
    plan.started = log.with_suffix(".test").write_text
    plan.entered = note_functions(copy.folder)
    try:
        return int(pytest.main([*options, *tests], plugins=[plan]))
    finally:
        notes = {"each": plan.seconds, "reached": plan.reached}
        log.with_suffix(".json").write_text(json.dumps(notes))


def _enter(copy: Copy, scratch: Path) -> None:
    """Import from the copy alone, here and in what the tests start."""
    root = str(copy.root)
    sys.path[:] = [str(copy.folder), *(path for path in sys.path if path not in ("", root))]
    for name in [name for name in sys.modules if name.split(".")[0] == "scripts"]:
        del sys.modules[name]
    os.chdir(copy.folder)
    sys.argv[1:] = []  # Beam would read them.
    (scratch / "tmp").mkdir()
    tempfile.tempdir = None
    os.environ.update(PYTHONPATH=str(copy.folder), TMPDIR=str(scratch / "tmp"))


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _first_failure(log: Path) -> str:
    named = _FAILURE.search(log.read_text(errors="replace")) if log.exists() else None
    return named.group(1) if named else ""
