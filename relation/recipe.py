"""The recipe as typed, immutable objects: what every key means. `load.py` reads the file."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints, field_validator, model_validator

from relation import spec
from relation.spec import Frozen

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name that may become a folder, a signature or a node id: lower case, digits and underscores."""

Dotted: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
"""The dotted path of an importable module."""

Scalar: TypeAlias = bool | int | float | str
Param: TypeAlias = Scalar | tuple[Scalar, ...]


class Part(Frozen):
    """A tower, head or loss: the name it is registered under, and the parameters it takes.

    In YAML one flat mapping, `{type: triplet, margin: 0.5}`. Names and values of the parameters
    are checked by the part itself (`trainer_module.parts`), so that a new one needs no change here.
    """

    type: Name
    params: tuple[tuple[str, Param], ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _gather_params(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "params" not in data:
            rest = {key: value for key, value in data.items() if key != "type"}
            found = {"type": data["type"]} if "type" in data else {}
            # Sorted: the order of keys in a file is no reason to train again.
            return {**found, "params": tuple(sorted(rest.items()))}
        return data


class Entity(Frozen):
    """An entity type: its rows, their schema and the feature that identifies a row.

    Rows are in files of one `format`, found by the glob `path` (docs/data.md); or a `generator` (a
    module with `write(folder)`) makes them once, as TFRecord files under the run's own folder.
    """

    schema_path: str = Field(alias="schema")
    id: str = "id"
    path: str | None = None
    format: Literal["tfrecord", "csv", "parquet", "image_folder"] = "tfrecord"
    generator: Dotted | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> "Entity":
        if (self.path is None) == (self.generator is None):
            raise ValueError("exactly one of `path` and `generator` must be given")
        if self.generator is not None and self.format != "tfrecord":
            raise ValueError(f"a `generator` makes TFRecord files, not {self.format}")
        return self


class Split(Frozen):
    """Shares of the hash buckets that a row's id falls into; all rows of one id share a split."""

    unit: Literal["entity"] = "entity"
    train: int = Field(3, ge=1, le=1000)
    eval: int = Field(1, ge=1, le=1000)


class Data(Frozen):
    """What is learnt from."""

    entities: dict[Name, Entity] = Field(min_length=1, max_length=1)
    split: Split = Split()
    bad_rows: Literal["fail", "skip"] = "fail"
    """What a row that cannot be used (undecodable image, NaN, no id, no label) does: stop the run,
    or be skipped and counted by reason."""


class SameLabel(Frozen):
    """Rows are related when they have the same value of a categorical feature."""

    type: Literal["same_label"]
    feature: str


class PairSampling(Frozen):
    """Pairs drawn for each anchor; the negatives of one anchor are distinct."""

    positives_per_anchor: int = Field(1, ge=0, le=1000)
    negatives_per_anchor: int = Field(1, ge=0, le=1000)

    @model_validator(mode="after")
    def _some_tuple(self) -> "PairSampling":
        if not self.positives_per_anchor and not self.negatives_per_anchor:
            raise ValueError("positives and negatives are both 0, so no pair is asked for")
        return self


class TripletSampling(Frozen):
    """Triplets drawn for each anchor; the negatives of one anchor are distinct."""

    triplets_per_anchor: int = Field(1, ge=1, le=1000)


class _RelationConfig(Frozen):
    source: SameLabel
    seed: int = Field(0, ge=0, lt=2**63)


class Pairs(_RelationConfig):
    """`relation: {type: pairs}`."""

    type: Literal["pairs"]
    sampling: PairSampling = PairSampling()


class Triplets(_RelationConfig):
    """`relation: {type: triplets}`."""

    type: Literal["triplets"]
    sampling: TripletSampling = TripletSampling()


RelationConfig: TypeAlias = Annotated[Pairs | Triplets, Field(discriminator="type")]


class Materialization(Frozen):
    """What RelationGen needs of a recipe, and nothing else: its cache key holds this as JSON."""

    entity_type: Name
    id_feature: str
    bad_rows: Literal["fail", "skip"]
    relation: RelationConfig

    @property
    def tuples(self) -> spec.Relation:
        """Roles, label and comparisons of the tuples that are asked for."""
        kinds = {"pairs": spec.pairs, "triplets": spec.triplets}
        return kinds[self.relation.type](self.entity_type)


class Model(Frozen):
    """Features that enter the tower, the tower, the head that compares, the loss.

    `features`: by default every feature of the schema but the id and those that the relation's
    source reads, which would give the answer away.
    """

    features: tuple[str, ...] | None = None
    tower: Part
    head: Part
    loss: Part


class Training(Frozen):
    """How the model is trained. The epoch with the lowest validation loss is kept."""

    epochs: int = Field(20, ge=1)
    batch_size: int = Field(64, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    patience: int = Field(5, ge=1)
    seed: int = Field(0, ge=0, lt=2**31)


class Gate(Frozen):
    """Bounds of one metric. `max_drop` compares with the last blessed model, where there is one."""

    min: float | None = None
    max: float | None = None
    max_drop: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _some_bound(self) -> "Gate":
        if self.min is None and self.max is None and self.max_drop is None:
            raise ValueError("at least one of `min`, `max` and `max_drop` must be given")
        return self


class Evaluation(Frozen):
    """The gates that a model must pass, by metric; slices are reported, not gated."""

    gates: dict[Name, Gate] = Field(min_length=1)
    slices: tuple[str, ...] = ()


class Schedule(Frozen):
    """When an orchestrator with a clock starts a run: a cron expression; None = by hand."""

    cron: str | None = None


class Recipe(Frozen):
    """All that a user writes about a system, besides the schema of an entity."""

    name: Name
    description: str = ""
    data: Data
    relation: RelationConfig
    model: Model
    training: Training = Training()
    evaluation: Evaluation
    schedule: Schedule = Schedule()

    @field_validator("description")
    @classmethod
    def _one_line(cls, text: str) -> str:
        return " ".join(text.split())

    @property
    def entity_type(self) -> str:
        """The one entity type that today's sources relate to itself."""
        return next(iter(self.data.entities))

    @property
    def entity(self) -> Entity:
        """The configuration of `entity_type`."""
        return self.data.entities[self.entity_type]

    @property
    def materialization(self) -> Materialization:
        """The part of the recipe that RelationGen reads."""
        return Materialization(
            entity_type=self.entity_type,
            id_feature=self.entity.id,
            bad_rows=self.data.bad_rows,
            relation=self.relation,
        )

    @property
    def tuples(self) -> spec.Relation:
        """Roles, label and comparisons of the tuples that the recipe asks for."""
        return self.materialization.tuples
