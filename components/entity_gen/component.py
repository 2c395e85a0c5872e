"""EntityGen: the rows of an entity type, split by their id."""

import re
from collections.abc import Mapping

from tfx.components.example_gen import component, utils
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2

from components.entity_gen import config, driver, executor, readers
from relation.errors import DataError


class EntityGen(component.FileBasedExampleGen):
    """Files to an Examples artifact with the splits `train` and `eval` (`outputs["examples"]`).

    Rows that share an id share a split. TFX's driver takes number, size and time of the files into
    the cache key, so unchanged files are not read again.
    """

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)
    DRIVER_CLASS = driver.Driver

    def __init__(
        self,
        pattern: str,
        id_feature: str,
        train: int,
        eval: int,
        code_fingerprint: str = "",
        file_format: str = "tfrecord",
        bad_rows: str = "fail",
        features: Mapping[str, str] | None = None,
    ):
        """Describes the step.

        Args:
          pattern: glob of the files, absolute; TFX's `{SPAN}`, or `{YYYY}`, `{MM}` and `{DD}`, and
            `{VERSION}` may be in it: the latest is read.
          id_feature: the feature that identifies a row: bytes or integer.
          train: share of the hash buckets that are training rows.
          eval: share of the hash buckets that are evaluation rows.
          code_fingerprint: of the sources, so that edited ones run again
            (`relation.fingerprint.code_fingerprint("components.entity_gen.executor")`).
          file_format: the name of a reader (`components.entity_gen.readers`).
          bad_rows: "fail", or "skip": rows that cannot be used are left out and counted.
          features: the schema's features by name, each "bytes", "int" or "float", for formats that
            do not say the types themselves (CSV, Parquet).

        Raises:
          DataError: the format is not known, or the pattern's spans are not as TFX has them.
        """
        readers.reader(file_format)
        base, relative = split_pattern(pattern)
        split = example_gen_pb2.Input.Split(name="all", pattern=relative)
        _check_spans(pattern, split)
        shares = [("train", train), ("eval", eval)]
        super().__init__(
            input_base=base,
            input_config=example_gen_pb2.Input(splits=[split]),
            output_config=example_gen_pb2.Output(
                split_config=example_gen_pb2.SplitConfig(
                    splits=[
                        example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=buckets)
                        for name, buckets in shares
                    ],
                    partition_feature_name=id_feature,
                )
            ),
            custom_config=config.Config(
                id_feature, file_format, bad_rows, code_fingerprint, dict(features or {})
            ).pack(),
        )


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
