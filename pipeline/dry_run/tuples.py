"""Tuples of the first rows, made by RelationGen's pipeline."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import apache_beam as beam
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions

from components.common.input_files import InputFile
from components.relation_gen.pipeline import materialize
from components.relation_gen.stats.summary import Stats
from pipeline.dry_run.rows import FirstRows
from pipeline.settings import IN_PROCESS
from relation.load import LoadedRecipe


def make_tuples(loaded: LoadedRecipe, tables: Mapping[str, FirstRows], folder: Path) -> Stats:
    """Write tuples of rows to `folder/tuples/Split-<name>/`; bad rows are skipped and counted.

    Rows of a recipe that splits by component or time are split by the hash of their ids here.

    Returns:
      The counts, as in `relation_stats.json`.

    Raises:
      DataError: these rows make no tuples.
    """
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    files = [
        _written(name, split, rows, folder)
        for name, table in tables.items()
        if name not in loaded.recipe.data.edges or name in loaded.compiled.tables
        for split, rows in table.rows.items()
    ]
    split = loaded.recipe.data.split
    named = sorted({file.split for file in files if file.split is not None})
    shares = loaded.compiled.shares
    return materialize(
        loaded.compiled.model_copy(update={"bad_rows": "skip"}),
        loaded.schemas,
        files,
        named or list(shares),
        [] if named else list(shares.values()),
        str(folder / "tuples"),
        lambda: beam.Pipeline(options=PipelineOptions(IN_PROCESS)),
        split_by=split.feature if split.unit == "group" else None,
    )


def _written(
    name: str, split: str | None, rows: tuple[tf.train.Example, ...], folder: Path
) -> InputFile:
    path = str(folder / f"{name}-{split}.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for row in rows:
            writer.write(row.SerializeToString(deterministic=True))
    return InputFile(name, path, split, os.path.getsize(path))
