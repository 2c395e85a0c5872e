"""The TFX component EntityGen: rows of an entity type or an edge list, in splits."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from tfx.components.example_gen import component, utils
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2

from components.entity_gen import custom_config, driver, executor, readers
from relation.core.errors import DataError
from relation.files.globs import literal_folder
from relation.names import EVAL, TEST, TRAIN

ALL = "all"
"""The only split, where EntityGen does not split the rows."""
Patterns: TypeAlias = str | Mapping[str, str]
"""A glob, or one for each split."""


class EntityGen(component.FileBasedExampleGen):
    """Read files into an Examples artifact (`outputs["examples"]`), in one of three ways.

    - One glob and two or three shares: `train`, `eval` and `test`, by a hash of one feature. Rows
      with the same value of that feature share a split.
    - One glob without shares: the one split `all`.
    - One glob for each split: these splits.

    TFX's driver puts number, size and time of the files into the cache key. So unchanged files are
    not read again.
    """

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)
    DRIVER_CLASS = driver.Driver

    def __init__(
        self,
        pattern: Patterns,
        id_feature: str | None,
        train: int | None = None,
        eval: int | None = None,
        code_fingerprint: str = "",
        file_format: str = "tfrecord",
        bad_rows: str = "fail",
        features: Mapping[str, str] | None = None,
        partition: str | None = None,
        derive_id: bool = False,
        images: Sequence[str] = (),
        missing: Sequence[str] = (),
        test: int | None = None,
    ):
        """Describe the node.

        Args:
          pattern: absolute glob of the files, or one for each split. It may hold TFX's `{SPAN}`,
            or `{YYYY}`, `{MM}` and `{DD}`, and `{VERSION}`: then the latest files are read.
          id_feature: feature that identifies a row (bytes or integer); None for rows without an id
            (an edge list).
          train: hash buckets of training rows; None puts all rows into one split.
          eval: hash buckets of evaluation rows.
          code_fingerprint: `code_fingerprint("components.entity_gen.executor")`; edited sources
            run again.
          file_format: name of a reader (`components.entity_gen.readers`).
          bad_rows: "fail", or "skip" to drop and count rows that cannot be used.
          features: "bytes", "int" or "float" for each feature of the schema. Formats without types
            of their own (CSV, Parquet) need it.
          partition: feature that is hashed, where there are shares; by default the id. Each row
            must have exactly one value.
          derive_id: whether rows have no id of their own, so that it is a hash of the others.
          images: features that are images, whose paths an image manifest holds.
          missing: texts that stand for a missing value in cells of CSV files.
          test: hash buckets of test rows; None: there is no such split.

        Raises:
          DataError: an unknown format, spans that TFX does not know, or splits without a common
            folder.
        """
        readers.reader(file_format)
        base, inputs = input_config(pattern)
        output, hashed = example_gen_pb2.Output(), None
        if train is not None and eval is not None:
            hashed = partition or id_feature
            assert hashed is not None
            output.split_config.partition_feature_name = hashed
            for name, buckets in ((TRAIN, train), (EVAL, eval), (TEST, test)):
                if buckets is not None:
                    output.split_config.splits.add(name=name, hash_buckets=buckets)
        config = custom_config.Config(
            id_feature,
            file_format,
            bad_rows,
            code_fingerprint,
            dict(features or {}),
            hashed,
            _common_folder([literal_folder(one) for one in _by_split(pattern).values()]),
            derive_id,
            images,
            missing,
        )
        super().__init__(
            input_base=base,
            input_config=inputs,
            output_config=output,
            custom_config=config.pack(),
        )


def input_config(patterns: Patterns) -> tuple[str, example_gen_pb2.Input]:
    """Find the common folder of all files, and make TFX's input splits relative to it.

    Raises:
      DataError: see `EntityGen`.
    """
    by_split = _by_split(patterns)
    base = _common_folder([split_pattern(pattern)[0] for pattern in by_split.values()])
    splits = []
    for name, pattern in by_split.items():
        relative = pattern if base == "." else pattern.removeprefix(base).lstrip("/")
        splits.append(example_gen_pb2.Input.Split(name=name, pattern=relative))
        _check_spans(pattern, splits[-1])
    return base, example_gen_pb2.Input(splits=splits)


def _by_split(patterns: Patterns) -> dict[str, str]:
    return {ALL: patterns} if isinstance(patterns, str) else dict(patterns)


def _common_folder(folders: list[str]) -> str:
    parts = zip(*(folder.split("/") for folder in folders), strict=False)
    shared = itertools.takewhile(lambda names: len(set(names)) == 1, parts)
    common = "/".join(names[0] for names in shared)
    if common in folders:
        return common
    if common == "" and all(folder.startswith("/") for folder in folders):
        return "/"
    if common == "" or common.endswith(":/"):
        raise DataError(
            f"the files of the splits have no folder in common: {' and '.join(folders)}"
        )
    return common


def _check_spans(pattern: str, split: example_gen_pb2.Input.Split) -> None:
    placeholders = ("SPAN", "VERSION", "YYYY", "MM", "DD")
    for spec, name in re.findall(r"(\{([A-Z]+)(?::[^{}]*)?\})", pattern):
        if name not in placeholders:
            expected = ", ".join(f"{{{one}}}" for one in placeholders)
            raise DataError(f"{pattern}: got {spec!r}; expected {expected}")
    try:
        utils.verify_split_pattern_specs(split)
    except ValueError as error:
        raise DataError(f"{pattern}: {error}") from None


def split_pattern(pattern: str) -> tuple[str, str]:
    """Split a glob into the folder before its first wildcard and the rest.

    >>> split_pattern("/data/2024-*/part-?.gz")
    ('/data', '2024-*/part-?.gz')
    """
    wildcard = re.search(r"[*?\[{\\]", pattern)
    fixed = pattern[: wildcard.start()] if wildcard else pattern
    base, slash, _ = fixed.rpartition("/")
    if not slash:
        return ".", pattern
    return base or "/", pattern[len(base) + 1 :]
