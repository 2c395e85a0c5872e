"""Run tests on a copy of the project, in a process forked after the heavy imports."""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEAVY = (
    *("numpy", "pandas", "pyarrow", "scipy.stats", "sklearn.metrics", "pydantic", "yaml", "jinja2"),
    *("rich.console", "matplotlib.figure", "hypothesis", "pytest", "_pytest.main", "tensorflow"),
    *("keras", "apache_beam", "apache_beam.runners.direct.direct_runner", "tensorflow_transform"),
    *("tensorflow_transform.beam", "tensorflow_data_validation", "tensorflow_model_analysis"),
    *("tensorboard", "tfx.v1", "tfx.orchestration.local.local_dag_runner", "ml_metadata"),
)
"""Libraries that a child inherits; no TensorFlow operation may run before the fork."""
PASSED, NO_TESTS = 0, 5
"""Exit codes of pytest; any other counts as a failure."""
UNKNOWN = 1.0
"""Rank of a test that was not run yet."""
_FAILURE = re.compile(r"^(?:FAILED|ERROR) (\S+\.py(?:::.+?)?)(?: - .*)?$", re.MULTILINE)
OUT_OF_TIME = (signal.SIGXCPU, signal.SIGKILL)
"""What ends a process that used its CPU seconds."""


def import_heavy(names: Iterable[str] = HEAVY) -> None:
    """Import the libraries that are there."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


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


class _Order:
    """A plug-in of pytest that orders tests, and notes the seconds of each that ended."""

    def __init__(self, rank: Mapping[str, float]) -> None:
        self._rank = rank
        self.seconds: dict[str, float] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Sorts in place, equal ranks by file; infinite ones are left out."""
        ranks = {item: self._rank.get(item.nodeid, UNKNOWN) for item in items}
        items[:] = sorted((item for item in items if ranks[item] < math.inf), key=ranks.__getitem__)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Adds setup, call and teardown."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration


@dataclass(frozen=True)
class Outcome:
    """How a run of tests ended, after how many CPU seconds; `each` has the seconds of each test.

    `failed` names the first test that failed, if pytest wrote it.
    """

    passed: bool
    timed_out: bool
    seconds: float
    failed: str = ""
    each: Mapping[str, float] = field(default_factory=dict)


def run_tests(
    copy: Copy, tests: list[str], log: Path, seconds: float, rank: Mapping[str, float] | None = None
) -> Outcome:
    """Run tests up to the first failure, in a fork that is killed after CPU seconds.

    CPU seconds, since the clock's depend on what else runs. By the clock a fork may take ten times
    as many and a minute more: one that waits for ever uses no CPU.

    Tests run by their `rank`, those without one in the middle; infinite ones are left out.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    log.with_suffix(".json").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
            _exit_with(lambda: _child(copy, tests, log, Path(scratch), rank or {}))
        status, used = _wait(child, time.monotonic() + 60 + 10 * seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what the tests left behind
    return Outcome(
        passed=status is not None and os.waitstatus_to_exitcode(status) in (PASSED, NO_TESTS),
        timed_out=status is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in OUT_OF_TIME),
        seconds=used,
        failed=_first_failure(log),
        each=_read_seconds(log.with_suffix(".json")),
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


def _wait(child: int, end: float) -> tuple[int | None, float]:
    """Exit status and CPU seconds of a child; None if it still ran at `end`, and was killed."""
    done, status = 0, 0
    while time.monotonic() < end:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            return status, usage.ru_utime + usage.ru_stime
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    usage = os.wait4(child, 0)[2]
    return None, usage.ru_utime + usage.ru_stime


def _child(
    copy: Copy, tests: list[str], log: Path, scratch: Path, rank: Mapping[str, float]
) -> int:
    """Run pytest in the copy, its output in the log."""
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _enter(copy, scratch)
    import pytest

    options = ["-x", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider"]
    options += ["-p", "no:xdist", f"--rootdir={copy.folder}", f"--basetemp={scratch / 'pytest'}"]
    if "hypothesis" in sys.modules:
        options.append("--hypothesis-seed=0")
    order = _Order(rank)
    try:
        return int(pytest.main([*options, *tests], plugins=[order]))
    finally:
        log.with_suffix(".json").write_text(json.dumps(order.seconds))


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


def _read_seconds(file: Path) -> dict[str, float]:
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _first_failure(log: Path) -> str:
    named = _FAILURE.search(log.read_text(errors="replace")) if log.exists() else None
    return named.group(1) if named else ""
