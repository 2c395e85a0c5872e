"""`make check`: check a recipe, and try it on the first rows, without TFX."""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.recipe_check import checked_recipe
from pipeline.settings import FAILED, WRONG, recipe_name
from relation.core.errors import UserError
from relation.core.terminal import quiet_imports
from relation.load import LoadedRecipe

ROWS = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a recipe, then its first rows, their tuples, and some steps of training.

    Returns:
      The exit status: 0 nothing is wrong, 1 interrupted, 2 wrong recipe or data.
    """
    flags = _flags(arguments)
    try:
        loaded = checked_recipe(flags.recipe)
        print(f"{loaded.recipe.name}: {loaded.recipe.description}")
        _lines("recipe", [f"ok: {_recipe(loaded)}"])
        if flags.rows:
            print("  starting TensorFlow, which takes a while …", flush=True)
            with quiet_imports(), tempfile.TemporaryDirectory() as folder:
                _dry_run(loaded, flags.rows, Path(folder))
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print("Error: interrupted", file=sys.stderr)
        return FAILED
    print(f"ok: make run RECIPE={flags.recipe}")
    return 0


def _flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.check",
        description="Tell all that is wrong with a recipe, then try it on its first rows: read "
        "them, make tuples, train a few steps; estimate memory and time. TFX is not started.",
        epilog="exit status: 0 nothing is wrong, 1 interrupted, 2 wrong recipe or data",
    )
    parser.add_argument(
        "recipe",
        nargs="?",
        default=recipe_name(),
        help="a file, or the name of a shipped one (default: RELATA_RECIPE, or else %(default)s)",
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=ROWS,
        help="rows of each table to try it on; 0: check the recipe alone (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def _dry_run(loaded: LoadedRecipe, limit: int, folder: Path) -> None:
    """Try a recipe on the first rows, and print a line for each step.

    Raises:
      UserError: rows, tuples or model cannot be what the recipe says.
    """
    from pipeline.dry_run import report
    from pipeline.dry_run.rows import first_rows
    from pipeline.dry_run.tuples import make_tuples
    from pipeline.paths import RunPaths
    from pipeline.stages.file_patterns import data_patterns

    patterns = data_patterns(loaded, RunPaths.of(loaded.recipe.name))
    tables = first_rows(loaded, patterns, limit)
    _lines("rows", report.of_rows(tables))
    try:
        stats = make_tuples(loaded, tables, folder)
    except UserError as error:
        if all(table.complete for table in tables.values()):
            raise
        _lines("tuples", [f"not tried, since these rows alone do not suffice ({error})"])
        return
    _lines("tuples", report.of_tuples(stats))
    if loaded.recipe.model is None:
        return
    from pipeline.dry_run import estimates
    from pipeline.dry_run.transform import transform
    from trainer_module.build_request import training_request
    from trainer_module.training.trial_steps import measure

    training = loaded.recipe.training
    files = transform(loaded, folder, limit=4 * training.batch_size)
    measured = measure(training_request(loaded), files)
    _lines("model", report.of_model(loaded, measured))
    tuples = estimates.all_tuples(loaded, patterns, tables, stats["splits"]["train"]["tuples"])
    for name, line in report.of_estimates(measured, training, tuples).items():
        _lines(name, [line])


def _recipe(loaded: LoadedRecipe) -> str:
    """The relation and the model in a few words."""
    relation, model = loaded.recipe.relation, loaded.recipe.model
    words = f"{relation.type} by {relation.source.type}"
    if model is None:
        return words + ", no model"
    towers = ", ".join(dict.fromkeys(model.tower_of(e).type for e in loaded.tuples.entities))
    return f"{words}; tower {towers}, head {model.head.type}, loss {model.loss.type}"


def _lines(name: str, lines: Iterable[str]) -> None:
    """Print lines, the first one beside a name."""
    for line in lines:
        print(f"  {name:<18}{line}", flush=True)
        name = ""


if __name__ == "__main__":
    sys.exit(main())
