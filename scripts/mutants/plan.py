"""The order of tests, the time that each may take, and what each did, as a plug-in of pytest."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Mapping
from typing import Any

import pytest

UNKNOWN = 0.0
"""Rank of a test that was not run yet."""
ALLOWANCE = 20.0
"""CPU seconds that any test may take beyond thrice what it took before."""
OUT_OF_TIME = (signal.SIGXCPU, signal.SIGALRM)
"""What ends a process whose test was out of time."""


class Plan:
    """A plug-in of pytest: the order of tests, the time of each, and an end to those that hang.

    `budget` is what the process may take in CPU seconds: tests that would take longer are skipped.
    """

    def __init__(self, rank: Mapping[str, float], seconds: Mapping[str, float], budget: float):
        self._rank = rank
        self._known = seconds
        self._budget = budget
        self._begin = 0.0
        self._failed: set[str] = set()
        self.started: Callable[[str], object] = len
        """Takes the name of each test that begins."""
        self.entered: set[str] = set()
        """The functions that were entered since it was cleared last."""
        self.seconds: dict[str, float] = {}
        self.reached: dict[str, list[str]] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Sorts in place, equal ranks by file."""
        items.sort(key=lambda item: self._rank.get(item.nodeid, UNKNOWN))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Limits the CPU seconds of the test, and those of the clock for one that only waits."""
        self._begin = _cpu_seconds()
        self.entered.clear()
        self.started(nodeid)
        limit_this_process(longest(self._known.get(nodeid, 0.0)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> None:
        """Skips what there is no time for."""
        if self._begin + self._known.get(item.nodeid, 0.0) > self._budget:
            pytest.skip("no time is left")

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Notes which tests were skipped or failed."""
        if not report.passed:
            self._failed.add(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Notes the CPU seconds of a test that passed, and the functions that it entered."""
        if nodeid not in self._failed:
            self.seconds[nodeid] = round(_cpu_seconds() - self._begin, 3)
            self.reached[nodeid] = sorted(self.entered)


def _cpu_seconds() -> float:
    """Of this process, and of those of its own that have ended."""
    return sum(os.times()[:4])


def longest(seconds: float) -> float:
    """CPU seconds after which a test that took `seconds` is out of time."""
    return ALLOWANCE + 3 * seconds


def limit_this_process(seconds: float) -> None:
    """Let this process end after so many more CPU seconds, or five times as many of the clock."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, ALLOWANCE + 5 * seconds)
