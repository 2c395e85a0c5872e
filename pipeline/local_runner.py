"""The runner file for TFX's local engine; `RELATA_RECIPE` names the recipe.

`tfx pipeline create --engine local --pipeline_path …` and `tfx run create` execute it.
"""

import sys

from pipeline.paths import RunPaths
from pipeline.settings import BEAM_ARGS, WRONG, recipe_name
from relation.core.errors import UserError
from relation.core.terminal import quiet_imports
from relation.load import load_recipe


def main() -> int:
    """Run the recipe.

    Returns:
      The exit status: 0 blessed (or, without a model, data made), 1 failed, 2 wrong recipe or
      output folder, 3 refused.
    """
    try:
        loaded = load_recipe(recipe_name())
        paths = RunPaths.of(loaded.recipe.name)
        paths.make()
    except UserError as error:
        return _wrong(error)

    # Imported late: TFX takes many seconds, and a wrong recipe is reported before that.
    with quiet_imports():
        from tfx.orchestration import metadata

        from pipeline import dag
        from pipeline.runners.console_runner import ConsoleRunner
        from pipeline.stages.file_patterns import data_patterns, tfrecords
        from pipeline.ui import verdict

    try:
        data = data_patterns(loaded, paths)
        pipeline = dag.build(
            loaded,
            paths,
            data,
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(paths.metadata)
            ),
            beam_pipeline_args=BEAM_ARGS,
        )
    except UserError as error:
        verdict.write(verdict.failed(loaded.recipe.name, str(error)), paths.verdict)
        return _wrong(error)
    runner = ConsoleRunner(loaded.recipe.name, paths, tfrecords(loaded, data))
    runner.run(pipeline)
    return runner.exit_status


def _wrong(error: UserError) -> int:
    print(f"Error: {error}", file=sys.stderr)
    return WRONG


if __name__ == "__main__":
    sys.exit(main())
