"""The command line of RelationGen."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf import text_format

from components.relation_gen import stats
from components.relation_gen.read import InputFile
from components.relation_gen.run import input_files, materialize
from relation.errors import DataError, UserError
from relation.load import LoadedRecipe, load_recipe
from relation.terminal import held_stderr

USER_ERROR = 2
"""Exit status when the user can mend what is wrong."""
SCHEMA = "schema.pbtxt"


def main(argv: Sequence[str]) -> int:
    """Runs the command line; returns the exit status."""
    arguments, beam_flags = _parser().parse_known_args(argv)
    # Beam logs what a worker raised before it passes it on; it is said once, below or by Python.
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
        help="TFRecord files (plain or gzip) of tf.Examples; NAME is an entity type. Files in a "
        "folder Split-<name> keep that split; others are split by id, as the recipe says",
    )
    parser.add_argument("--output", required=True, help="folder that the results are written to")
    return parser


def _run(arguments: argparse.Namespace, beam_flags: Sequence[str]) -> None:
    loaded = load_recipe(arguments.recipe)
    files = input_files([_pattern(item, loaded) for item in arguments.input])
    shares = loaded.recipe.data.split
    splits, buckets = _splits(files, {"train": shares.train, "eval": shares.eval})
    with held_stderr():
        found = materialize(
            loaded.recipe.materialization,
            loaded.schema,
            files,
            splits,
            buckets,
            arguments.output,
            lambda: beam.Pipeline(options=PipelineOptions(list(beam_flags))),
            {SCHEMA: text_format.MessageToString(loaded.tuple_schema)},
        )
    for line in stats.summary(found):
        print(line)
    print(f"written to {arguments.output}")


def _pattern(item: str, loaded: LoadedRecipe) -> str:
    """The glob of `[NAME=]GLOB`, NAME checked."""
    name, equals, pattern = item.partition("=")
    if not equals or os.sep in name:
        return item
    if name != loaded.recipe.entity_type:
        raise DataError(
            f"--input {item}: got entity type {name!r}; the recipe has "
            f"{loaded.recipe.entity_type!r}"
        )
    return pattern


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
