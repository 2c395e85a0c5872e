"""Compile the pipeline of `RELATA_RECIPE` into a specification for Kubeflow Pipelines v2.

    RELATA_RECIPE=digits_pairs python pipeline/kubeflow_runner.py \\
        --runs gs://bucket/runs --data 'gs://bucket/digits/*.tfrecord.gz' --image registry/relata

Compiling reads and writes nothing on the cluster: the same recipe and flags give the same file
everywhere (docs/scheduling.md).
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format

from pipeline.paths import RemotePaths, RunPaths, check_no_wildcard
from pipeline.settings import IN_PROCESS, WRONG, recipe_name
from pipeline.stages.file_patterns import Patterns
from relation.core.errors import UserError
from relation.load import LoadedRecipe, load_recipe

IMAGE = "relata:latest"
SERVED = "unknown"
"""In the Pusher's cache key, because the served version is not known when compiling."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the specification; the exit status is 2 if the recipe or a flag is wrong."""
    try:
        loaded = load_recipe(recipe_name())
        flags = _flags(argv, loaded)
        name = loaded.recipe.name
        output = Path(flags.output or RunPaths.of(name).root / f"{name}.yaml").resolve()
        runs = _remote(flags.runs, "--runs", "the cluster's folder of all runs")
        check_no_wildcard(runs)
        files = {table: getattr(flags, f"schema_{table}") for table in loaded.schemas}
        schemas = {table: file for table, file in files.items() if file is not None}
        patterns = _patterns(loaded, flags)
        _check_no_template(loaded, {"--runs": runs, "--data": patterns, "--schema": schemas})
        compile_recipe(
            loaded,
            RemotePaths(f"{runs}/{name}"),
            patterns,
            schemas,
            flags.image,
            output,
        )
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return WRONG
    print(output)
    return 0


def compile_recipe(
    loaded: LoadedRecipe,
    paths: RemotePaths,
    data: Patterns,
    schemas: Mapping[str, str],
    image: str,
    output: Path,
) -> None:
    """Compile one recipe.

    Args:
      loaded: the recipe.
      paths: folders of its runs' outputs, as the cluster sees them.
      data: globs of the files of each entity type and edge list, by name.
      schemas: schema files, by name; by default their paths on this machine.
      image: container image with the project installed.
      output: the `.yaml` file to write; its folder is created.
    """
    # Imported late: TFX takes many seconds, and a wrong recipe is reported before that.
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner

    from pipeline import dag

    name = loaded.recipe.name.replace("_", "-")  # Kubeflow takes no underscores.
    pipeline = dag.build(
        loaded._replace(recipe=loaded.recipe.model_copy(update={"name": name})),
        paths,
        data,
        schema_files=schemas,
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
    with output.open("a", encoding="utf-8") as file:  # TFX does not write it.
        yaml.safe_dump({"defaultPipelineRoot": paths.pipeline}, file)


def _check_no_template(loaded: LoadedRecipe, flags: Mapping[str, Any]) -> None:
    """Check that no text of the user's would be taken for a placeholder of Kubeflow or Argo.

    Raises:
      UserError: a text holds {{; the message names it.
    """
    texts = {
        str(loaded.path): loaded.recipe.model_dump(mode="json"),
        **{
            str(path): [str(path), json_format.MessageToDict(loaded.schemas[table])]
            for table, path in loaded.schema_paths.items()
        },
        **flags,
    }
    for name, value in texts.items():
        if (text := _with_template(value)) is not None:
            raise UserError(
                f"{name}: got {text!r}; expected text without {{{{, which Kubeflow takes for the "
                "start of a placeholder"
            )


def _with_template(value: Any) -> str | None:
    """The first text within a value that holds {{, if one does."""
    if isinstance(value, str):
        return value if "{{" in value else None
    if isinstance(value, Mapping):
        value = [*value, *value.values()]
    parts = value if isinstance(value, list | tuple) else ()
    return next((text for part in parts if (text := _with_template(part)) is not None), None)


def _flags(argv: Sequence[str] | None, loaded: LoadedRecipe) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Compile the recipe that RELATA_RECIPE names for Kubeflow Pipelines v2. "
        "Paths are those of the cluster: a URI, or an absolute path in every container.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--runs", default=os.environ.get("RELATA_RUNS"), help="folder of all runs (RELATA_RUNS)"
    )
    for table, split in _globs(loaded):
        parser.add_argument(
            *_names(loaded, "data", table, split),
            help=f"glob of the {_rows(table, split)} (default: the recipe's `path`)",
        )
    for table in loaded.schemas:
        parser.add_argument(
            *_names(loaded, "schema", table),
            help=f"file of the schema of {table} (default: where it is on this machine)",
        )
    parser.add_argument(
        "--image", default=IMAGE, help="image with the project (default: %(default)s)"
    )
    parser.add_argument("--output", help="file to write (default: runs/<recipe>/<recipe>.yaml)")
    flags = parser.parse_args(argv)
    if flags.output and not flags.output.endswith((".yaml", ".yml")):
        parser.error(f"--output: got {flags.output!r}; expected a name that ends in .yaml")
    return flags


def _names(loaded: LoadedRecipe, kind: str, table: str, split: str | None = None) -> list[str]:
    """List the names of a flag; the last is the one in messages, and short for an only input.

    With one table, "data" and "item" give ["--data_item", "--data"].
    """
    end = f"_{split}" if split else ""
    names = [f"--{kind}_{table}{end}"]
    return [*names, f"--{kind}{end}"] if len(loaded.schemas) == 1 else names


def _globs(loaded: LoadedRecipe) -> list[tuple[str, str | None]]:
    """List the inputs that need a glob: name, and split where each split has its own files."""
    return [
        (name, split)
        for name, table in loaded.recipe.data.tables.items()
        for split in (table.path if isinstance(table.path, Mapping) else [None])
    ]


def _patterns(loaded: LoadedRecipe, flags: argparse.Namespace) -> Patterns:
    """Take each glob from its flag, or else from the recipe."""
    tables = loaded.recipe.data.tables
    patterns: dict[str, Any] = {}
    for table, split in _globs(loaded):
        *_, flag = _names(loaded, "data", table, split)
        pattern = getattr(flags, f"data_{table}" + (f"_{split}" if split else ""))
        path = tables[table].path
        if pattern is None:
            pattern = path if split is None else path[split]  # type: ignore[index]
        glob = _remote(pattern, flag, f"a glob of the {_rows(table, split)}")
        if split is None:
            patterns[table] = glob
        else:
            patterns.setdefault(table, {})[split] = glob
    return patterns


def _rows(table: str, split: str | None) -> str:
    return f"{table} rows" if split is None else f"{table} rows of {split}"


def _remote(path: str | None, flag: str, what: str) -> str:
    """Check that a path means the same in every container; strip its trailing slash."""
    if path is None:
        raise UserError(f"{flag}: missing; expected {what}, as the containers see it")
    if "://" not in path and not path.startswith("/"):
        raise UserError(
            f"{flag}: got {path!r}, which is relative to this machine's folder; expected {what}: "
            "a URI (gs://bucket/…), or an absolute path that every container mounts"
        )
    return path.rstrip("/")


if __name__ == "__main__":
    sys.exit(main())
