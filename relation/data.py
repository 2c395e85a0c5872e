"""The data: entities, explicit relationships between them, and how they are split."""

from typing import Literal

from pydantic import Field, model_validator

from relation.core.config import Dotted, Name
from relation.names import EVAL, TEST, TRAIN
from relation.spec import Frozen

TableFormat = Literal["tfrecord", "csv", "parquet", "jsonl"]
Format = Literal["tfrecord", "csv", "parquet", "jsonl", "image_folder", "image_manifest"]
Paths = str | dict[Literal["train", "eval", "test"], str]
"""A glob, or one for each split where the files are given a split (`split: {unit: files}`)."""


class Entity(Frozen):
    """An entity type: its rows, their schema and the feature that identifies a row.

    Rows come from `path` or from `generator`. Without both, the rows of the source `row` hold the
    entities, or the source `labels` makes them of the labels.
    """

    schema_path: str = Field(alias="schema")
    """The TFDV schema of a row, a `.pbtxt` file: beside the recipe, or in the project."""
    id: str = "id"
    """The feature that identifies a row: bytes or integers, one value."""
    derive_id: bool = False
    """Whether rows have no id of their own: it is then a hash of a row's other features, so that
    equal rows are one entity. The schema has the id all the same, of BYTES."""
    path: Paths | None = None
    """A glob of files, relative to the recipe's folder; it may hold spans (docs/data.md).
    With `split: {unit: files}` a glob for each split: `{train: …, eval: …}`, and `test: …`."""
    format: Format = "tfrecord"
    """The format of the files: TFRecord of tf.Example, CSV or JSON lines, all plain or `.gz`;
    Parquet; image files in a folder for each class; or a CSV file with paths of images."""
    missing: tuple[str, ...] = ()
    """Texts that stand for a missing value in cells of CSV files, such as `"?"` or `NA`."""
    generator: Dotted | None = None
    """A module with `write(folder)`, which writes TFRecord files once, in place of `path`."""

    @model_validator(mode="after")
    def _one_origin(self) -> "Entity":
        if self.path is not None and self.generator is not None:
            raise ValueError("only one of `path` and `generator` may be given")
        if self.generator is not None and self.format != "tfrecord":
            raise ValueError(f"a `generator` makes TFRecord files, not {self.format}")
        return self

    @property
    def read(self) -> bool:
        """Whether its rows are read from files of their own."""
        return self.path is not None or self.generator is not None


class End(Frozen):
    """One endpoint of an edge."""

    entity: Name
    """The entity type, a name in `data.entities`."""
    id: str
    """The column of the edge list that holds its id."""


class Edges(Frozen):
    """A list of edges: rows that name two entities, and may hold a value and a weight.

    The rows of the source `row` hold their members instead, each feature under
    `<role>_<feature>`; so they have no `left`, `right`, `value` and `weight`. A list of negatives
    (`negatives: {draw: given}`) names an anchor on the left and its negative on the right.
    """

    schema_path: str = Field(alias="schema")
    """The TFDV schema of a row, a `.pbtxt` file: beside the recipe, or in the project."""
    path: Paths | None = None
    """A glob of files, as for entities."""
    format: TableFormat = "tfrecord"
    """The format of the files."""
    missing: tuple[str, ...] = ()
    """Texts that stand for a missing value in cells of CSV files, such as `"?"` or `NA`."""
    generator: Dotted | None = None
    """A module with `write(folder)`, which writes TFRecord files once, in place of `path`."""
    left: End | None = None
    """The source of an edge: the anchor."""
    right: End | None = None
    """The destination of an edge: what the anchor is related to."""
    value: str | None = None
    """The column with the value of an edge; without it every edge is a positive."""
    weight: str | None = None
    """The column with the weight of an edge, ≥ 0, which becomes `relation_weight`."""

    @model_validator(mode="after")
    def _one_origin(self) -> "Edges":
        if (self.path is None) == (self.generator is None):
            raise ValueError("exactly one of `path` and `generator` must be given")
        if self.generator is not None and self.format != "tfrecord":
            raise ValueError(f"a `generator` makes TFRecord files, not {self.format}")
        return self


class RowReading(Frozen):
    """How the files of a table are read."""

    format: Format = "tfrecord"
    """Their format."""
    types: dict[str, Literal["bytes", "int", "float"]] = Field(default={})
    """The type of each column; none where the format has types of its own."""
    images: tuple[str, ...] = ()
    """The features that hold images, where files hold the paths of images instead."""
    missing: tuple[str, ...] = ()
    """Texts that stand for a missing value in cells of CSV files."""
    derived_id: str | None = None
    """The feature for an id that is a hash of a row's other features; None: rows have one."""


class Split(Frozen):
    """How rows are split into `train`, `eval`, and where asked for `test`.

    `train` is learnt from. `eval` chooses the epoch and decision thresholds, and has the gates.
    `test` is measured beside it, and chooses nothing.

    | unit | what stays together |
    |---|---|
    | `entity` | rows with one id |
    | `group` | rows with one value of `feature` |
    | `component` | entities that edges connect, however indirectly |
    | `time` | the earlier rows by `feature` train, the later evaluate, the latest test |
    | `files` | the files of each split are named by `path` |
    """

    unit: Literal["entity", "group", "component", "time", "files"] = "entity"
    """What stays together: rows of one id, rows of one value of `feature`, entities that edges
    connect, a span of time, or the files of each split."""
    train: int = Field(3, ge=1, le=1000)
    """Share of `train`, relative to the others: of hash buckets; with `component` of components,
    with `time` of rows. Not with `files`."""
    eval: int = Field(1, ge=1, le=1000)
    """Share of `eval`, relative to the others. Not with `files`."""
    test: int = Field(0, ge=0, le=1000)
    """Share of `test`, relative to the others; 0: there is no such split. Not with `files`."""
    feature: str | None = None
    """The feature that says the group or the time (an integer). Only with `group` and `time`, and
    required."""
    shared: tuple[Name, ...] = ()
    """Entity types that may be in all splits. Their overlap is counted; that of others stops the
    run."""

    @model_validator(mode="after")
    def _feature_where_needed(self) -> "Split":
        needed = self.unit in ("group", "time")
        if needed and self.feature is None:
            raise ValueError(f"unit {self.unit!r} needs a `feature`")
        if not needed and self.feature is not None:
            raise ValueError(f"unit {self.unit!r} takes no `feature`")
        if self.unit == "files" and (self.train, self.eval, self.test) != (3, 1, 0):
            raise ValueError(
                "unit 'files' takes no `train`, `eval` and `test`: `path` names the files of each "
                "split"
            )
        return self


class Data(Frozen):
    """The rows to learn from."""

    entities: dict[Name, Entity] = Field(min_length=1, max_length=2)
    """Entity types by name. The first is the primary one, which most sources relate to itself."""
    edges: dict[Name, Edges] = Field(default={}, max_length=3)
    """Edge lists, lists of negatives, and rows that hold tuples, by name."""
    split: Split = Split()
    """How rows are split into `train`, `eval` and `test`."""
    bad_rows: Literal["fail", "skip"] = "fail"
    """The handling of unusable rows (undecodable image, NaN, no id, no label): `fail` stops the
    run, `skip` counts them by reason."""

    @property
    def tables(self) -> dict[str, Entity | Edges]:
        """The tables that are read from files, by name: entity types, then edge lists."""
        return {name: one for name, one in self.entities.items() if one.read} | self.edges

    @property
    def shares(self) -> dict[str, int]:
        """The splits, in their order, and the share of each; with `files` of rows without a split.

        `test` is there only where the recipe asks for it.
        """
        paths = [table.path for table in self.tables.values()]
        test = self.split.test or int(any(isinstance(p, dict) and TEST in p for p in paths))
        return {
            TRAIN: self.split.train,
            EVAL: self.split.eval,
            **({TEST: test} if test else {}),
        }

    @model_validator(mode="after")
    def _names_differ(self) -> "Data":
        if both := sorted(set(self.entities) & set(self.edges)):
            raise ValueError(f"{both[0]!r} names both an entity type and an edge list: rename one")
        return self
