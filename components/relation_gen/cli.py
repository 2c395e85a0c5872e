"""The command line of RelationGen."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

import apache_beam as beam
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf import text_format

from components.common.input_files import InputFile, input_files
from components.relation_gen.pipeline import materialize
from components.relation_gen.stats import summary
from relation.core.errors import DataError, UserError
from relation.core.terminal import held_stderr
from relation.files.globs import is_stray, literal_folder
from relation.load import LoadedRecipe, load_recipe

USER_ERROR = 2
"""Exit status for an error that the user can fix."""
SCHEMA = "schema.pbtxt"


def main(argv: Sequence[str]) -> int:
    """Runs the command line; returns the exit status."""
    arguments, beam_flags = _parser().parse_known_args(argv)
    # Beam logs a worker's exception before raising it here; report it once, below or by Python.
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    try:
        _run(arguments, beam_flags)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return USER_ERROR
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m components.relation_gen",
        description="Makes tuples of related examples, as a recipe says. Other flags go to Beam.",
        allow_abbrev=False,
    )
    parser.add_argument("--recipe", required=True, help="name of a shipped recipe, or a YAML file")
    parser.add_argument(
        "--input",
        required=True,
        action="append",
        metavar="[NAME=]GLOB",
        help="TFRecord files (plain or gzip) of tf.Examples; NAME is an entity type or edge list. "
        "Files in a folder Split-<name> keep that split; others are split as the recipe says",
    )
    parser.add_argument("--output", required=True, help="folder that the results are written to")
    return parser


def _run(arguments: argparse.Namespace, beam_flags: Sequence[str]) -> None:
    loaded = load_recipe(arguments.recipe)
    files = [file for item in arguments.input for file in _files(item, loaded)]
    _check_inputs(files, loaded)
    split = loaded.recipe.data.split
    edges = [file for file in files if file.input in loaded.recipe.data.edges]
    rows = [file for file in files if file.input not in loaded.recipe.data.edges] or edges
    if split.unit not in ("entity", "group") and not all(file.split for file in rows):
        raise DataError(
            f"--input: the recipe splits by {split.unit}, which this command cannot do: expected "
            "files in folders Split-<name>"
        )
    splits, buckets = _splits(rows, loaded.compiled.shares)
    with held_stderr():
        stats = materialize(
            loaded.compiled,
            loaded.schemas,
            files,
            splits,
            buckets,
            arguments.output,
            lambda: beam.Pipeline(options=PipelineOptions(list(beam_flags))),
            {SCHEMA: text_format.MessageToString(loaded.tuple_schema)},
            split_by=split.feature if split.unit == "group" else None,
        )
    for line in summary.summary(stats):
        print(line)
    print(f"written to {arguments.output}")


def _files(item: str, loaded: LoadedRecipe) -> list[InputFile]:
    """The files of `[NAME=]GLOB`, NAME checked, without hidden ones, which are counted.

    The GLOB may hold `=` itself: `date=2024-01-01/*.gz`.
    """
    name, pattern = _input(item, inputs(loaded))
    files = input_files(name, [pattern])
    folder = literal_folder(pattern)
    kept = [file for file in files if not is_stray(file.path, folder)]
    if len(kept) < len(files):
        print(f"{name}: {len(files) - len(kept)} hidden files or files of systems are left out")
    if not kept:
        raise DataError(f"--input {item}: all files are hidden, so none is read")
    return kept


def _input(item: str, names: Sequence[str]) -> tuple[str, str]:
    """The name of an input, and its glob."""
    name, equals, pattern = item.partition("=")
    if equals and name in names:
        return name, pattern
    has_name = equals and os.sep not in name
    if len(names) > 1:
        wrong = f"got input {name!r}; the recipe has {', '.join(map(repr, names))}; "
        raise DataError(
            f"--input {item}: {wrong if has_name else ''}expected NAME={item}, NAME one of "
            + ", ".join(names)
        )
    if has_name and not tf.io.gfile.glob(item):
        raise DataError(
            f"--input {item}: got input {name!r}, and no file matches; the recipe has {names[0]!r}"
        )
    return names[0], item


def _check_inputs(files: Sequence[InputFile], loaded: LoadedRecipe) -> None:
    present = {file.input for file in files}
    for name in inputs(loaded):
        if name not in present:
            raise DataError(f"--input: missing for {name!r}; expected --input {name}=GLOB")


def inputs(loaded: LoadedRecipe) -> list[str]:
    """The entity types and edge lists whose rows are read."""
    data = loaded.recipe.data
    return [
        *(name for name, entity in data.entities.items() if entity.read),
        *(name for name in data.edges if name in loaded.compiled.tables),
    ]


def _splits(files: Sequence[InputFile], shares: dict[str, int]) -> tuple[list[str], list[int]]:
    """Names and hash buckets of the splits: the files' own, or the recipe's.

    Raises:
      DataError: some files lie in a split's folder and others do not.
    """
    named = {file.split for file in files if file.split is not None}
    unnamed = [file.path for file in files if file.split is None]
    if not named:
        return list(shares), list(shares.values())
    if unnamed:
        raise DataError(
            f"--input: {unnamed[0]} lies in no folder Split-<name>, but other files do; rows are "
            "split either by folder or by id"
        )
    return sorted(str(name) for name in named), []
