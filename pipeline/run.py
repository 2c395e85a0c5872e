"""`make run`: run a recipe by the tfx command on the local engine, up to the verdict."""

import argparse
import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.paths import RunPaths
from pipeline.recipe_check import checked_recipe
from pipeline.runners.interruption import SIGNALS
from pipeline.runners.run_lock import holder, require_free
from pipeline.settings import EXIT_STATUS, WRONG, recipe_name
from relation.core.errors import UserError
from relation.core.terminal import quiet_imports
from relation.load import RECIPES

RUNNER = Path(__file__).with_name("local_runner.py").resolve()


def main(arguments: Sequence[str] | None = None) -> int:
    """Register the pipeline of a recipe and run it.

    Returns:
      The exit status: 0 blessed (or, without a model, data made), 1 failed, 2 wrong recipe or
      output folder, 3 refused.
    """
    try:
        loaded = checked_recipe(_flags(arguments).recipe)
        paths = RunPaths.of(loaded.recipe.name)
        paths.make()
        require_free(paths.lock)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return WRONG
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # As `nohup` ignores SIGHUP.
            signal.signal(number, lambda number, _: _forward(number, paths))
    print(f"{loaded.recipe.name}: {loaded.recipe.description}")
    print("  starting TFX, which takes a while …", flush=True)
    os.environ.update(RELATA_RECIPE=str(loaded.path), LOCAL_HOME=str(paths.cli))
    for stale in (paths.verdict, paths.report):
        stale.unlink(missing_ok=True)
    status = _tfx(paths, loaded.recipe.name)
    if status == WRONG or not paths.verdict.exists():
        return status or 1
    verdict = json.loads(paths.verdict.read_text(encoding="utf-8"))
    return EXIT_STATUS[verdict["verdict"]]


def _flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    shipped = ", ".join(sorted(path.stem for path in RECIPES.glob("*.yaml")))
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.run",
        description="Run a recipe through TFX on the local engine, up to the verdict. "
        "Results are under runs/<recipe>/; RELATA_RUNS sets another folder.",
        epilog="exit status: 0 blessed (or, without a model, tuples made), 1 failed, 2 wrong "
        "recipe or output folder, 3 refused",
    )
    parser.add_argument(
        "recipe",
        nargs="?",
        default=recipe_name(),
        help=f"a file, or one of {shipped} (default: RELATA_RECIPE, or else %(default)s)",
    )
    return parser.parse_args(arguments)


def _tfx(paths: RunPaths, name: str) -> int:
    """Run `tfx pipeline create` (or `update`) and `tfx run create` in one process."""
    with quiet_imports():
        from tfx.tools.cli.cli_main import cli_group

    engine = ["--engine", "local"]
    verb = "update" if (paths.cli / name).exists() else "create"
    chatter = io.StringIO()
    try:
        with contextlib.redirect_stdout(chatter):
            register = ["pipeline", verb, *engine, "--pipeline_path", str(RUNNER)]
            cli_group.main(register, standalone_mode=False)
            run = ["run", "create", *engine, "--pipeline_name", name]
            cli_group.main(run, standalone_mode=False)
    except SystemExit as stop:
        if not isinstance(stop.code, str):
            return stop.code or 0
        if not paths.verdict.exists():  # Otherwise the run has reported the error.
            print(f"{chatter.getvalue()}Error: {stop.code}", file=sys.stderr)
        return 1
    return 0


def _forward(number: int, paths: RunPaths) -> None:
    """Pass a signal on to the run, which reports it; end here if the run has not begun."""
    process = holder(paths.lock)
    if process is None:
        raise SystemExit(f"interrupted by {signal.Signals(number).name} before the run began")
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


if __name__ == "__main__":
    sys.exit(main())
