"""The runner file for TFX's local engine; `RELATA_RECIPE` names the recipe.

`tfx pipeline create --engine local --pipeline_path …` and `tfx run create` execute it.
"""

import contextlib
import sys

from pipeline.paths import RunPaths
from pipeline.runners.interruption import Interruption
from pipeline.runners.run_lock import locked
from pipeline.settings import BEAM_ARGS, FAILED, WRONG, recipe_name
from relation.core.errors import UserError
from relation.core.terminal import quiet_imports
from relation.load import LoadedRecipe, load_recipe


def main() -> int:
    """Run the recipe.

    Returns:
      The exit status: 0 blessed (or, without a model, data made), 1 failed, 2 wrong recipe or
      output folder, or another run in progress, 3 refused.
    """
    with Interruption() as interruption:
        try:
            loaded = load_recipe(recipe_name())
            paths = RunPaths.of(loaded.recipe.name)
            paths.make()
            with locked(paths.lock):
                return _run(loaded, paths, interruption)
        except UserError as error:
            return _error(str(error), WRONG)
        except KeyboardInterrupt:
            return _error(interruption.cause, FAILED)


def _run(loaded: LoadedRecipe, paths: RunPaths, interruption: Interruption) -> int:
    """Run the recipe whose lock is held; a failure before the first node gets a verdict, too."""
    # Imported late: TFX takes many seconds, and a wrong recipe is reported before that.
    with quiet_imports():
        from tfx.orchestration import metadata

        from pipeline import dag
        from pipeline.runners.console_runner import ConsoleRunner
        from pipeline.runners.metadata_check import require_usable
        from pipeline.stages.file_patterns import data_patterns, single_globs
        from pipeline.ui import verdict
        from pipeline.ui.root_cause import root_cause

    name = loaded.recipe.name
    connection = metadata.sqlite_metadata_connection_config(str(paths.metadata))
    try:
        verdict.reserve_space(paths.verdict)
        require_usable(paths.metadata)
        data = data_patterns(loaded, paths)
        pipeline = dag.build(
            loaded,
            paths,
            data,
            metadata_connection_config=connection,
            beam_pipeline_args=BEAM_ARGS,
        )
    except (UserError, OSError, KeyboardInterrupt) as error:
        stopped = interruption.signal is not None
        cause = interruption.cause if stopped else root_cause(error)
        with contextlib.suppress(OSError):  # The disk may be full.
            verdict.write(verdict.failed(name, cause), paths.verdict)
        return _error(cause, WRONG if isinstance(error, UserError) else FAILED)
    runner = ConsoleRunner(name, paths, single_globs(data), interruption)
    runner.run(pipeline)
    return runner.exit_status


def _error(message: str, status: int) -> int:
    print(f"Error: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
