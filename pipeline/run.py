"""`make run`: run a recipe by the tfx command on the local engine, up to the verdict."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from pipeline import local_runner
from pipeline.paths import RunPaths
from pipeline.recipe_check import checked_recipe
from pipeline.runners.interruption import SIGNALS
from pipeline.runners.run_lock import require_free
from pipeline.runners.tfx_command import create_and_run
from pipeline.settings import EXIT_STATUS, WRONG, recipe_name
from relation.core.errors import UserError
from relation.load import RECIPES

RUNNER = Path(local_runner.__file__).resolve()


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
            signal.signal(number, _interrupt)
    print(f"{loaded.recipe.name}: {loaded.recipe.description}")
    print("  starting TFX, which takes a while …", flush=True)
    os.environ.update(RELATA_RECIPE=str(loaded.path), LOCAL_HOME=str(paths.cli))
    for stale in (paths.verdict, paths.report):
        stale.unlink(missing_ok=True)
    name = loaded.recipe.name
    status = create_and_run(name, RUNNER, (paths.cli / name).exists(), local_runner.main)
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


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End here; once the run has begun it handles signals by itself."""
    raise SystemExit(f"interrupted by {signal.Signals(number).name} before the run began")


if __name__ == "__main__":
    sys.exit(main())
