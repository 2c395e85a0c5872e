"""Signals end a run once, whatever libraries do with the exception."""

import os
import signal
import threading

import pytest

from pipeline.runners.interruption import SIGNALS, Interruption

RESUMES = "; finished components are kept, and the next run continues after them"


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (signal.SIGINT, "interrupted"),
        (signal.SIGTERM, "interrupted by SIGTERM"),
        (signal.SIGHUP, "interrupted by SIGHUP"),
    ],
)
def test_a_signal_raises_once_and_is_named(number, cause):
    with Interruption() as interruption:
        interruption.check()
        assert interruption.signal is None
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGTERM)  # Ignored: the verdict is being written.
        assert interruption.signal == number
        assert interruption.cause == cause + RESUMES
        with pytest.raises(KeyboardInterrupt):  # A library may have swallowed the first.
            interruption.check()


def test_handlers_are_restored_and_ignored_signals_stay_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGHUP)
        assert interruption.signal is None
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_thread_that_may_not_set_handlers_goes_without():
    entered = []

    def enter():
        with Interruption() as interruption:
            entered.append(interruption.cause)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert entered == ["interrupted" + RESUMES]
