"""The tfx command on the local engine, with the run in this process."""

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from relation.core.terminal import quiet_imports


def create_and_run(name: str, runner_file: Path, registered: bool, run: Callable[[], int]) -> int:
    """Call `tfx pipeline create` (or `update`), then `tfx run create`.

    The command would start the runner file in a second process, which imports TFX once more while
    the first one waits with all its memory. Here `run`, which does the same, is called instead.

    Args:
      name: of the pipeline.
      runner_file: the file that the command registers.
      registered: whether it was registered before.
      run: runs the pipeline.

    Returns:
      The status of `run`, or of what failed before it.
    """
    with quiet_imports():
        from tfx.tools.cli.cli_main import cli_group
    engine = ["--engine", "local"]
    verb = "update" if registered else "create"
    chatter = io.StringIO()
    try:
        with _runs_called(run, sys.stdout), contextlib.redirect_stdout(chatter):
            register = ["pipeline", verb, *engine, "--pipeline_path", str(runner_file)]
            cli_group.main(register, standalone_mode=False)
            start = ["run", "create", *engine, "--pipeline_name", name]
            cli_group.main(start, standalone_mode=False)
    except SystemExit as stop:
        if not isinstance(stop.code, str):
            return stop.code or 0
        print(f"{chatter.getvalue()}Error: {stop.code}", file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def _runs_called(run: Callable[[], int], stdout: Any) -> Iterator[None]:
    """Let the command call a function, which prints to `stdout`, in place of the runner file."""
    from tfx.tools.cli.handler import local_handler

    class InThisProcess(local_handler.LocalHandler):  # type: ignore[misc]
        def _subprocess_call(self, command: list[str], env: Any = None) -> None:
            with contextlib.redirect_stdout(stdout):
                raise SystemExit(run())

    original = local_handler.LocalHandler
    local_handler.LocalHandler = InThisProcess
    try:
        yield
    finally:
        local_handler.LocalHandler = original
