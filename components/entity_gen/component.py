"""EntityGen: the rows of an entity type or an edge list, split as the recipe says."""

import itertools
import re
from collections.abc import Mapping
from typing import TypeAlias

from tfx.components.example_gen import component, utils
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2

from components.entity_gen import custom_config, driver, executor, readers
from relation.core.errors import DataError

ALL = "all"
"""The one split of rows that are not split here."""
Patterns: TypeAlias = str | Mapping[str, str]
"""A glob, or one for each split."""


class EntityGen(component.FileBasedExampleGen):
    """Files to an Examples artifact (`outputs["examples"]`), in one of three ways:

    - files of a glob to the splits `train` and `eval`, by a hash of one feature: rows that share
      its value share a split;
    - files of a glob to the one split `all`, where no shares are given;
    - files of a glob for each split to these splits.

    TFX's driver takes number, size and time of the files into the cache key, so unchanged files are
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
    ):
        """Describes the step.

        Args:
          pattern: glob of the files, absolute, or one for each split; TFX's `{SPAN}`, or `{YYYY}`,
            `{MM}` and `{DD}`, and `{VERSION}` may be in it: the latest is read.
          id_feature: the feature that identifies a row: bytes or integer. None: rows that nothing
            identifies (an edge list); then no id is asked for.
          train: share of the hash buckets that are training rows; None: all rows are one split.
          eval: share of the hash buckets that are evaluation rows.
          code_fingerprint: of the sources, so that edited ones run again
            (`relation.core.fingerprint.code_fingerprint("components.entity_gen.executor")`).
          file_format: the name of a reader (`components.entity_gen.readers`).
          bad_rows: "fail", or "skip": rows that cannot be used are left out and counted.
          features: the schema's features by name, each "bytes", "int" or "float", for formats that
            do not say the types themselves (CSV, Parquet).
          partition: the feature that is hashed, where there are shares; by default the id. Each
            row must have one value of it.

        Raises:
          DataError: the format is not known, the pattern's spans are not as TFX has them, or the
            splits have no folder in common.
        """
        readers.reader(file_format)
        base, inputs = input_config(pattern)
        output, hashed = example_gen_pb2.Output(), None
        if train is not None and eval is not None:
            hashed = partition or id_feature
            assert hashed is not None
            output.split_config.partition_feature_name = hashed
            output.split_config.splits.add(name="train", hash_buckets=train)
            output.split_config.splits.add(name="eval", hash_buckets=eval)
        super().__init__(
            input_base=base,
            input_config=inputs,
            output_config=output,
            custom_config=custom_config.Config(
                id_feature, file_format, bad_rows, code_fingerprint, dict(features or {}), hashed
            ).pack(),
        )


def input_config(patterns: Patterns) -> tuple[str, example_gen_pb2.Input]:
    """The folder that all files are under, and the splits, their patterns relative to it.

    Raises:
      DataError: see `EntityGen`.
    """
    named = {ALL: patterns} if isinstance(patterns, str) else dict(patterns)
    base = _common_folder([split_pattern(pattern)[0] for pattern in named.values()])
    splits = []
    for name, pattern in named.items():
        relative = pattern if base == "." else pattern.removeprefix(base).lstrip("/")
        splits.append(example_gen_pb2.Input.Split(name=name, pattern=relative))
        _check_spans(pattern, splits[-1])
    return base, example_gen_pb2.Input(splits=splits)


def _common_folder(folders: list[str]) -> str:
    parts = zip(*(folder.split("/") for folder in folders), strict=False)
    same = itertools.takewhile(lambda names: len(set(names)) == 1, parts)
    common = "/".join(names[0] for names in same)
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
    known = ("SPAN", "VERSION", "YYYY", "MM", "DD")
    for spec, name in re.findall(r"(\{([A-Z]+)(?::[^{}]*)?\})", pattern):
        if name not in known:
            expected = ", ".join(f"{{{one}}}" for one in known)
            raise DataError(f"{pattern}: got {spec!r}; expected {expected}")
    try:
        utils.verify_split_pattern_specs(split)
    except ValueError as error:
        raise DataError(f"{pattern}: {error}") from None


def split_pattern(pattern: str) -> tuple[str, str]:
    """The folder before the first wildcard, and the rest.

    >>> split_pattern("/data/2024-*/part-?.gz")
    ('/data', '2024-*/part-?.gz')
    """
    wildcard = re.search(r"[*?\[{]", pattern)
    fixed = pattern[: wildcard.start()] if wildcard else pattern
    base, slash, _ = fixed.rpartition("/")
    if not slash:
        return ".", pattern
    return base or "/", pattern[len(base) + 1 :]
