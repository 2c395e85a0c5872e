"""The recipe as typed, immutable objects: what every key means. `load.py` reads the file."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from relation.core.config import Name
from relation.data import Data, Entity
from relation.kinds import RelationConfig
from relation.spec import Frozen
from relation.training import Training as Training  # A part of the recipe.
from relation.tuning import Tuning

Scalar: TypeAlias = bool | int | float | str
Param: TypeAlias = Scalar | tuple[Scalar, ...]
Numbers: TypeAlias = Literal["z_scores", "ranks"]


class Part(Frozen):
    """A tower, head or loss: the name it is registered under, and the parameters it takes.

    In YAML one flat mapping, `{type: triplet, margin: 0.5}`. Names and values of the parameters
    are checked by the part itself (`trainer_module.registry`), so a new one needs no change here.
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


class Model(Frozen):
    """Features that enter the towers, the towers, the head that answers, the loss.

    `features`: by default every feature of the schema but the id and those that the relation's
    source reads, which would give the answer away. Of two entity types each has its own list.
    `numbers`: as z-scores, or as normal scores of their ranks (`trainer_module/preprocessing`).
    `tower`: of each entity type its own copy; or `towers`: one an entity type.
    `mining`: how a loss of triplets chooses them among all members of a batch.
    """

    features: tuple[str, ...] | dict[Name, tuple[str, ...]] | None = None
    numbers: Numbers = "z_scores"
    tower: Part | None = None
    towers: dict[Name, Part] = Field(default={})
    head: Part
    loss: Part
    mining: Part | None = None

    @model_validator(mode="after")
    def _towers(self) -> "Model":
        if (self.tower is None) == (not self.towers):
            raise ValueError(
                "exactly one of `tower` (for all entity types) and `towers` must be given"
            )
        return self

    def tower_of(self, entity: str) -> Part:
        """The tower of an entity type."""
        return self.tower if self.tower is not None else self.towers[entity]

    def features_of(self, entity: str) -> tuple[str, ...] | None:
        """The features that are named for an entity type; None: the default."""
        return self.features.get(entity) if isinstance(self.features, dict) else self.features


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


class Corpus(Frozen):
    """What is measured of nearest neighbours, where embeddings are compared, and its gates.

    `queries` are held-out entities; `references`, the entities that are found, are of `eval` or
    `train` (of a type that is in both splits, all). `gates` are by corpus metric.
    """

    references: Literal["eval", "train"] = "eval"
    gates: dict[Name, Gate] = Field(default={})


class Collapse(Frozen):
    """Least effective rank and spread that embeddings of an entity type may have."""

    effective_rank: float = Field(1.5, ge=1)
    spread: float = Field(0.01, ge=0, le=1)


class BeatsBaseline(Frozen):
    """By how much the model must be better than what needs no training, on the same data."""

    margin: float = Field(0.0, ge=0)


class Evaluation(Frozen):
    """The gates that a model must pass, and the slices that are reported.

    `gates` are by metric of tuples. The others hold by default, and `false` switches them off:
    `collapse`; `baseline` (the model must beat what needs no training); `sanity` (scores are
    numbers, and not all the same); `slice_floor`, by metric the least that each slice of 30 tuples
    or more must reach.
    """

    gates: dict[Name, Gate] = Field(min_length=1)
    slices: tuple[str, ...] = ()
    slice_floor: dict[Name, float] | Literal[False] = Field(default={"auc": 0.5})
    corpus: Corpus = Corpus()
    collapse: Collapse | Literal[False] = Collapse()
    baseline: BeatsBaseline | Literal[False] = BeatsBaseline()
    sanity: bool = True


class Schedule(Frozen):
    """When an orchestrator with a clock starts a run: a cron expression; None = by hand."""

    cron: str | None = None


class Recipe(Frozen):
    """All that a user writes about a system, besides the schema of an entity."""

    name: Name
    description: str = ""
    data: Data
    relation: RelationConfig
    model: Model | None = None
    """Without a model the pipeline ends with Transform: it makes data."""
    training: Training = Training()
    tuning: Tuning | None = None
    """With it a Tuner comes before the Trainer, which takes the values of the best trial."""
    evaluation: Evaluation | None = None
    schedule: Schedule = Schedule()

    @field_validator("description")
    @classmethod
    def _one_line(cls, text: str) -> str:
        return " ".join(text.split())

    @model_validator(mode="after")
    def _gates_where_a_model(self) -> "Recipe":
        if self.model is not None and self.evaluation is None:
            raise ValueError("a recipe with a `model` needs an `evaluation` with gates")
        if self.tuning is not None and self.model is None:
            raise ValueError("a recipe with `tuning` needs a `model`")
        return self

    @property
    def primary(self) -> str:
        """The first entity type, which sources that need only one relate to itself."""
        return next(iter(self.data.entities))

    @property
    def entity(self) -> Entity:
        """The configuration of the primary entity type."""
        return self.data.entities[self.primary]
