"""How the whole suite shares a machine, and one process for all runs that can share it."""

import os

import pytest

CPU_SECONDS: list[float] = []
"""Of each test process that has ended."""

# Before NumPy and TensorFlow are imported, and for every process that a test starts. Threads that
# wait for each other spin, on cores that the other test processes need.
if (processes := os.environ.get("PYTEST_XDIST_WORKER_COUNT")) is not None:
    share = max(1, len(os.sched_getaffinity(0)) // int(processes))
    for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, str(share))


def pytest_collection_modifyitems(items):
    """Put files with whole pipelines first: at the end, short ones keep every process busy."""
    long = {item.path for item in items if item.get_closest_marker("e2e") is not None}
    items.sort(key=lambda item: item.path not in long)


def pytest_sessionfinish(session):
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["cpu_seconds"] = _cpu_seconds()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    CPU_SECONDS.append(getattr(node, "workeroutput", {}).get("cpu_seconds", 0.0))


def pytest_terminal_summary(terminalreporter):
    seconds = CPU_SECONDS or [_cpu_seconds()]
    by_process = " + ".join(f"{each:.0f}" for each in seconds)
    terminalreporter.write_line(f"CPU seconds of the test processes and theirs: {by_process}")


def _cpu_seconds() -> float:
    """Of this process, and of those of its own that have ended."""
    return sum(os.times()[:4])


@pytest.fixture(scope="session")
def worker():
    from tests.e2e.helpers import Worker

    worker = Worker()
    yield worker
    worker.close()
