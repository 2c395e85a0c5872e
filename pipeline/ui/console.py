"""Terminal output: one line for each node and the verdict; all else goes to a log file."""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from absl import logging as absl_logging
from rich.console import Console as RichConsole
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table

from components.common.evaluation.evaluation_results import GateResult, on_test
from pipeline.ui.verdict import RunVerdict

_STYLES = {
    "blessed": "bold green",
    "data": "bold green",
    "refused": "bold yellow",
    "failed": "bold red",
}
_WIDTH = 100


class NodeLine:
    """State and summary of one node, shown when it ends."""

    def __init__(self) -> None:
        self.state = "done"
        self.summary = ""

    def done(self, *, cached: bool, summary: str) -> None:
        """Set the result of the node."""
        self.state = "cached" if cached else "done"
        self.summary = summary


class Console:
    """Redirect the process's stdout and stderr to a log file, and write to the terminal.

    It redirects file descriptors, not only Python's streams, because TensorFlow writes from C++.
    """

    def __init__(self, log: Path, nodes: Iterable[str] = ()):
        """Take the log file, and the names of the nodes for the width of their column."""
        self._log = log
        self._column = max([20, *(len(name) + 2 for name in nodes)])
        self._spinner: Spinner | None = None

    def __enter__(self) -> "Console":
        self._log.parent.mkdir(parents=True, exist_ok=True)
        log = self._log.open("ab")  # Before redirecting, because this may fail.
        sys.stdout.flush()
        sys.stderr.flush()
        self._saved = [os.dup(1), os.dup(2)]
        self._terminal = open(os.dup(1), "w", encoding="utf-8")
        terminal = self._terminal.isatty()
        self._rich = RichConsole(file=self._terminal, width=None if terminal else _WIDTH)
        with log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        self._logging = (
            absl_logging.get_absl_handler().python_handler.stream,
            logging.root.handlers[:],
        )
        absl_logging.use_absl_handler()
        absl_logging.get_absl_handler().python_handler.setStream(sys.stderr)
        absl_logging.set_verbosity(absl_logging.INFO)
        self._handler = _ProgressHandler(self)
        logging.getLogger("relata.progress").addHandler(self._handler)
        logging.getLogger("relata.progress").setLevel(logging.INFO)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        logging.getLogger("relata.progress").removeHandler(self._handler)
        sys.stdout.flush()
        sys.stderr.flush()
        stream, logging.root.handlers[:] = self._logging
        absl_logging.get_absl_handler().python_handler.setStream(stream)
        for target, saved in zip((1, 2), self._saved, strict=True):
            os.dup2(saved, target)
            os.close(saved)
        self._terminal.close()

    @contextlib.contextmanager
    def node(self, name: str) -> Iterator[NodeLine]:
        """Show a node while it runs, and print its line when it ends."""
        line = NodeLine()
        started = time.monotonic()
        try:
            self._spinner = Spinner("dots", f"{name:<{self._column}}running", style="green")
            with Live(
                self._spinner,
                console=self._rich,
                auto_refresh=self._rich.is_terminal,
                refresh_per_second=10,
                transient=True,
                redirect_stdout=False,  # The default would print the log to the terminal.
                redirect_stderr=False,
            ):
                yield line
        except BaseException:
            line.state = "failed"
            raise
        finally:
            self._spinner = None
            style = {"done": "green", "cached": "cyan", "failed": "red"}[line.state]
            seconds = f"{time.monotonic() - started:7.1f} s"
            state = f"[{style}]{line.state:<8}[/]"
            summary = f"  {escape(line.summary)}" if line.summary else ""
            self._rich.print(f"  {name:<{self._column}}{state}{seconds}{summary}", highlight=False)

    def progress(self, text: str) -> None:
        """Show the progress of the running node."""
        if self._spinner is not None and self._rich.is_terminal:
            self._spinner.update(text=f"{'Trainer':<{self._column}}{escape(text)}")
        else:
            self._rich.print(f"    {escape(text)}", highlight=False)

    def show_verdict(self, verdict: RunVerdict) -> None:
        """Print the gates and paths, then the verdict."""
        say = self._rich.print
        say()
        if verdict.verdict == "failed":
            say(f"[bold red]FAILED[/]: {escape(verdict.cause)}", highlight=False, soft_wrap=True)
            say(f"  log      {escape(verdict.log or 'none')}", highlight=False, soft_wrap=True)
            return
        if verdict.gates:
            say(_gate_table(verdict.gates, on_test(verdict.evaluation)))
        for name, reason in verdict.undefined.items():
            say(f"  undefined: {escape(name)}: {reason}", highlight=False, soft_wrap=True)
        say(f"  log      {escape(verdict.log or 'none')}", highlight=False, soft_wrap=True)
        if verdict.report:
            say(f"  report   {escape(verdict.report)}", highlight=False, soft_wrap=True)
        if verdict.tuples:
            say(f"  tuples   {escape(verdict.tuples)}", highlight=False, soft_wrap=True)
        if verdict.served and verdict.command:
            say(f"  model    {escape(verdict.served)}", highlight=False, soft_wrap=True)
            say(f"  try it   {escape(verdict.command)}", highlight=False, soft_wrap=True)
        style = _STYLES[verdict.verdict]
        say(
            f"\n[{style}]{verdict.verdict.upper()}[/]: {escape(verdict.cause)}",
            highlight=False,
            soft_wrap=True,
        )


def _gate_table(gates: tuple[GateResult, ...], tested: Mapping[str, float]) -> Table:
    """A row for each gate; with a test split its value there, which decided nothing."""
    table = Table(box=None, padding=(0, 2), title_justify="left")
    for heading, justify in (
        ("gate", "left"),
        ("metric", "left"),
        ("value", "right"),
        ("bound", "left"),
        ("", "left"),
        *([("test split", "right")] if tested else []),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for gate in gates:
        mark = "[green]passed[/]" if gate.passed else "[red]refused[/]"
        values = (gate.kind, escape(gate.name), gate.value_text(), gate.bound_text())
        last = [f"{tested[gate.name]:.4f}" if gate.name in tested else "–"] if tested else []
        table.add_row(*values, mark, *last)
    return table


class _ProgressHandler(logging.Handler):
    def __init__(self, console: Console):
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.progress(record.getMessage())
