"""Signals as a process has them that a terminal starts, also where the tests run in the background."""

import signal

import pytest

from pipeline.runners.interruption import SIGNALS


@pytest.fixture(autouse=True)
def signal_handlers():
    """Python's own handlers during a test; those from before come back after it."""
    own = (signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL)
    saved = [signal.signal(number, handler) for number, handler in zip(SIGNALS, own, strict=True)]
    yield
    for number, handler in zip(SIGNALS, saved, strict=True):
        signal.signal(number, handler)
