"""Compiles the pipeline of `RELATA_RECIPE` into a specification for Kubeflow Pipelines v2.

    RELATA_RECIPE=digits_pairs python pipeline/kubeflow_runner.py \\
        --runs gs://bucket/runs --data 'gs://bucket/digits/*.tfrecord.gz' --image registry/relata

Nothing here looks at, or makes, what the cluster will find: the same recipe and flags give the same
file everywhere (docs/scheduling.md).
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from pipeline.paths import RemotePaths, RunPaths
from pipeline.settings import IN_PROCESS, WRONG, recipe_name
from relation.errors import UserError
from relation.load import LoadedRecipe, load_recipe

IMAGE = "relata:latest"
SERVED = "unknown"
"""For the Pusher's cache key: what is served cannot be seen from here."""


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the specification; the exit status is 2 if the recipe or a flag is wrong."""
    flags = _flags(argv)
    try:
        loaded = load_recipe(recipe_name())
        name = loaded.recipe.name
        output = Path(flags.output or RunPaths.of(name).root / f"{name}.yaml").resolve()
        runs = _remote(flags.runs, "--runs", "the cluster's folder of all runs")
        data = _remote(
            flags.data or _named_data(loaded),
            "--data",
            f"a glob of the {loaded.recipe.primary} rows",
        )
        schema = flags.schema or str(loaded.schema_path)
        compile_recipe(loaded, RemotePaths(f"{runs}/{name}"), data, schema, flags.image, output)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return WRONG
    print(output)
    return 0


def compile_recipe(
    loaded: LoadedRecipe, paths: RemotePaths, data: str, schema: str, image: str, output: Path
) -> None:
    """Compiles one recipe.

    Args:
      loaded: the recipe.
      paths: where its runs leave what they make.
      data: glob of the entity type's files.
      schema: file of the schema.
      image: container image with the project installed.
      output: the file to write, a `.yaml`; its folder is made.
    """
    # TFX takes many seconds to import; a wrong recipe is told before that.
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner

    from pipeline import dag

    name = loaded.recipe.name.replace("_", "-")  # Kubeflow takes no underscores.
    pipeline = dag.build(
        loaded._replace(recipe=loaded.recipe.model_copy(update={"name": name})),
        paths,
        data,
        schema_file=schema,
        served=SERVED,
        stock_resolver=True,
        beam_pipeline_args=[*IN_PROCESS, f"--sdk_container_image={image}"],
    )
    config = kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(
        default_image=image, use_pipeline_spec_2_1=True
    )
    kubeflow_v2_dag_runner.KubeflowV2DagRunner(
        config, output_dir=str(output.parent), output_filename=output.name
    ).run(pipeline)
    with output.open("a", encoding="utf-8") as file:  # TFX leaves it to whoever submits the file.
        yaml.safe_dump({"defaultPipelineRoot": paths.pipeline}, file)


def _flags(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Compile the recipe that RELATA_RECIPE names for Kubeflow Pipelines v2. "
        "Places are those of the cluster: a URI, or an absolute path in every container."
    )
    parser.add_argument(
        "--runs", default=os.environ.get("RELATA_RUNS"), help="folder of all runs (RELATA_RUNS)"
    )
    parser.add_argument("--data", help="glob of the rows (default: the recipe's `path`)")
    parser.add_argument(
        "--schema", help="file of the schema (default: where it is on this machine)"
    )
    parser.add_argument(
        "--image", default=IMAGE, help="image with the project (default: %(default)s)"
    )
    parser.add_argument("--output", help="file to write (default: runs/<recipe>/<recipe>.yaml)")
    flags = parser.parse_args(argv)
    if flags.output and not flags.output.endswith((".yaml", ".yml")):
        parser.error(f"--output: got {flags.output!r}; expected a name that ends in .yaml")
    return flags


def _named_data(loaded: LoadedRecipe) -> str | None:
    return loaded.recipe.entity.path


def _remote(place: str | None, flag: str, what: str) -> str:
    """A place that means the same in every container, without a slash at its end."""
    if place is None:
        raise UserError(f"{flag}: missing; expected {what}, as the containers see it")
    if "://" not in place and not place.startswith("/"):
        raise UserError(
            f"{flag}: got {place!r}, which is relative to this machine's folder; expected {what}: "
            "a URI (gs://bucket/…), or an absolute path that every container mounts"
        )
    return place.rstrip("/")


if __name__ == "__main__":
    sys.exit(main())
