"""What is learnt from: entities, explicit relationships between them, and how they are split."""

from typing import Literal

from pydantic import Field, model_validator

from relation.core.config import Dotted, Name
from relation.spec import Frozen

Format = Literal["tfrecord", "csv", "parquet", "image_folder"]
Paths = str | dict[Literal["train", "eval"], str]
"""A glob, or one for each split where the files are given a split (`split: {unit: files}`)."""


class Entity(Frozen):
    """An entity type: its rows, their schema and the feature that identifies a row.

    Rows are in files of one `format`, found by the glob `path` (docs/data.md); or a `generator` (a
    module with `write(folder)`) makes them once, as TFRecord files under the run's own folder; or
    neither is given, and the rows of the source `row` hold the entities, or the source `labels`
    makes them of the labels.
    """

    schema_path: str = Field(alias="schema")
    id: str = "id"
    path: Paths | None = None
    format: Format = "tfrecord"
    generator: Dotted | None = None

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
    """One end of an edge: the entity type, and the column that holds its id."""

    entity: Name
    id: str


class Edges(Frozen):
    """Explicit relationships: rows that name two entities, and may hold a value and a weight.

    The rows of the source `row` hold their members instead, each feature under
    `<role>_<feature>`; so they name no `left`, `right`, `value` and `weight`. A list of given
    negatives names an anchor on the left and a negative of it on the right.
    """

    schema_path: str = Field(alias="schema")
    path: Paths | None = None
    format: Literal["tfrecord", "csv", "parquet"] = "tfrecord"
    generator: Dotted | None = None
    left: End | None = None
    right: End | None = None
    value: str | None = None
    weight: str | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> "Edges":
        if (self.path is None) == (self.generator is None):
            raise ValueError("exactly one of `path` and `generator` must be given")
        if self.generator is not None and self.format != "tfrecord":
            raise ValueError(f"a `generator` makes TFRecord files, not {self.format}")
        return self


class Split(Frozen):
    """How rows are split; shares count hash buckets (of time: shares of the rows).

    | unit | what stays together |
    |---|---|
    | `entity` | rows with one id |
    | `group` | rows with one value of `feature` |
    | `component` | entities that edges connect, however indirectly |
    | `time` | the earlier rows by `feature` train, the later evaluate |
    | `files` | the files of each split are named by `path` |

    `shared`: entity types that may be in both splits; their overlap is counted, that of all others
    stops the run.
    """

    unit: Literal["entity", "group", "component", "time", "files"] = "entity"
    train: int = Field(3, ge=1, le=1000)
    eval: int = Field(1, ge=1, le=1000)
    feature: str | None = None
    shared: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _feature_where_needed(self) -> "Split":
        needed = self.unit in ("group", "time")
        if needed and self.feature is None:
            raise ValueError(f"unit {self.unit!r} needs a `feature`")
        if not needed and self.feature is not None:
            raise ValueError(f"unit {self.unit!r} takes no `feature`")
        if self.unit == "files" and (self.train, self.eval) != (3, 1):
            raise ValueError("unit 'files' takes no `train` and `eval`: the files are the shares")
        return self


class Data(Frozen):
    """What is learnt from."""

    entities: dict[Name, Entity] = Field(min_length=1, max_length=2)
    edges: dict[Name, Edges] = Field(default={}, max_length=3)
    split: Split = Split()
    bad_rows: Literal["fail", "skip"] = "fail"
    """What a row that cannot be used (undecodable image, NaN, no id, no label) does: stop the run,
    or be skipped and counted by reason."""

    @model_validator(mode="after")
    def _names_differ(self) -> "Data":
        if both := sorted(set(self.entities) & set(self.edges)):
            raise ValueError(f"{both[0]!r} is the name of an entity type and of an edge list")
        return self
