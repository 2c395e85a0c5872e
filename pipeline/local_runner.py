"""The runner file for the local engine: `tfx pipeline create --engine local --pipeline_path …` and
`tfx run create` execute it. `RELATA_RECIPE` names the recipe."""

import os
import sys
import warnings

# Before TensorFlow and the Google libraries are imported: they greet with pages of notices.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore", category=FutureWarning)

from relation.errors import UserError  # noqa: E402
from relation.load import load_recipe  # noqa: E402

DEFAULT_RECIPE = "digits_triplets"
BEAM_ARGS = ["--runner=DirectRunner", "--direct_running_mode=in_memory"]


def main() -> int:
    """Runs the recipe; the exit status is 0 only if the model is blessed."""
    try:
        loaded = load_recipe(os.environ.get("RELATA_RECIPE") or DEFAULT_RECIPE)
        # TFX takes many seconds to import; a wrong recipe is told before that.
        from tfx.orchestration import metadata

        from pipeline import dag
        from pipeline.data import data_pattern
        from pipeline.paths import RunPaths
        from pipeline.progress import ReportingRunner

        paths = RunPaths.of(loaded.recipe.name)
        paths.make()
        data = data_pattern(loaded, paths)
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
        print(f"Error: {error}", file=sys.stderr)
        return 2
    runner = ReportingRunner(loaded.recipe.name, paths, data)
    runner.run(pipeline)
    return runner.exit_status


if __name__ == "__main__":
    sys.exit(main())
