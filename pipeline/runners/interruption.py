"""SIGINT, SIGTERM and SIGHUP end a run in order: with a verdict, and without orphaned processes."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_RESUMES = "finished components are kept, and the next run continues after them"


class Interruption:
    """Raises KeyboardInterrupt on the first signal, and remembers which signal it was.

    Libraries may wrap or swallow the exception, so ask `signal` after they return or raise.
    Further signals are ignored, so that the verdict is written. A signal that is ignored at the
    start stays ignored, as `nohup` wants it of SIGHUP.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._saved: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():  # Others may not set handlers.
            for number in SIGNALS:
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._saved[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._saved.items():
            signal.signal(number, handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.signal is None:
            self.signal = signal.Signals(number)
            raise KeyboardInterrupt(self.signal.name)

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal came and a library swallowed the exception."""
        if self.signal is not None:
            raise KeyboardInterrupt(self.signal.name)

    @property
    def cause(self) -> str:
        """Why the run ended, for the verdict."""
        name = self.signal.name if self.signal else signal.SIGINT.name
        by = "" if name == signal.SIGINT.name else f" by {name}"
        return f"interrupted{by}; {_RESUMES}"
