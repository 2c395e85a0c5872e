"""The recipe as typed, immutable objects: what every key means. `load.py` reads the file."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from relation.core.config import Name
from relation.core.cron import Cron
from relation.data import Data
from relation.relation_types import RelationConfig
from relation.spec import Frozen
from relation.training import Training as Training  # A part of the recipe.
from relation.tuning import Tuning

Scalar: TypeAlias = bool | int | float | str
Param: TypeAlias = Scalar | tuple[Scalar, ...]
Numbers: TypeAlias = Literal["z_scores", "ranks"]


class ComponentConfig(Frozen):
    """A tower, head, loss or miner: the name it is registered under, and its parameters.

    In YAML one flat mapping, `{type: triplet, margin: 0.5}`. Names and values of the parameters
    are checked by the registered class, so a new one needs no change here.
    """

    type: Name
    """The name in the registry."""
    params: tuple[tuple[str, Param], ...] = ()
    """All other keys, sorted by name: parameters of the registered class."""

    @model_validator(mode="before")
    @classmethod
    def _gather_params(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "params" not in data:
            rest = {key: value for key, value in data.items() if key != "type"}
            named = {"type": data["type"]} if "type" in data else {}
            # Sorted: the order of keys in a file is no reason to train again.
            return {**named, "params": tuple(sorted(rest.items()))}
        return data


class Model(Frozen):
    """The features that enter the towers, the towers, the head and the loss."""

    features: tuple[str, ...] | dict[Name, tuple[str, ...]] | None = None
    """Features that enter the tower: a list, or a list for each entity type. By default every
    feature of the schema but the id and those that the source or the split reads, which would give
    the answer away. An entity type that the lists do not name has this default."""
    numbers: Numbers = "z_scores"
    """Numbers as z-scores, or as normal scores of their ranks among training entities."""
    tower: ComponentConfig | None = None
    """The tower; each entity type has a copy of its own. Either this or `towers`."""
    towers: dict[Name, ComponentConfig] = Field(default={})
    """The tower of each entity type, by name. Either this or `tower`."""
    head: ComponentConfig
    """The head, which answers about a tuple from the embeddings of its members."""
    loss: ComponentConfig
    """The loss that training makes small."""
    mining: ComponentConfig | None = None
    """The miner that chooses triplets among all members of a batch; without it a loss sees the
    tuples as they are."""

    @model_validator(mode="after")
    def _towers(self) -> "Model":
        if (self.tower is None) == (not self.towers):
            raise ValueError(
                "exactly one of `tower` (for all entity types) and `towers` must be given"
            )
        return self

    def tower_of(self, entity: str) -> ComponentConfig:
        """The tower of an entity type."""
        return self.tower if self.tower is not None else self.towers[entity]

    def features_of(self, entity: str) -> tuple[str, ...] | None:
        """The features that are named for an entity type; None: the default."""
        return self.features.get(entity) if isinstance(self.features, dict) else self.features


class Gate(Frozen):
    """Bounds of one metric; at least one."""

    min: float | None = None
    """The lowest value that passes."""
    max: float | None = None
    """The highest value that passes."""
    max_drop: float | None = Field(None, ge=0)
    """How much worse than the last blessed model, where there is one, still passes."""

    @model_validator(mode="after")
    def _some_bound(self) -> "Gate":
        if self.min is None and self.max is None and self.max_drop is None:
            raise ValueError("at least one of `min`, `max` and `max_drop` must be given")
        return self


class Corpus(Frozen):
    """Nearest neighbours of held-out entities, where embeddings are compared, and their gates."""

    references: Literal["eval", "train"] = "eval"
    """The split whose entities neighbours are sought among; of a shared type, all entities."""
    gates: dict[Name, Gate] = Field(default={})
    """Bounds by corpus metric."""


class Collapse(Frozen):
    """Bounds below which embeddings of an entity type count as collapsed."""

    effective_rank: float = Field(1.5, ge=1)
    """The least effective rank: exponential of the entropy of the covariance's eigenvalues."""
    spread: float = Field(0.01, ge=0, le=1)
    """The least embedding dispersion: 0 = all are the same, 1 = their mean is 0."""


class BeatsBaseline(Frozen):
    """How much better than the best baseline without training the model must be, on the same
    data."""

    margin: float = Field(0.0, ge=0)
    """The difference in units of the metric that must be exceeded."""
    interval: bool = False
    """Whether the model must also be better by the 95 % confidence interval: of the difference
    query by query for a corpus, of the model's metric for tuples."""


class Evaluation(Frozen):
    """The gates that a model must pass, and the slices that are reported."""

    gates: dict[Name, Gate] = Field(default={})
    """Bounds by metric of tuples. At least one, or one of `corpus.gates`."""
    slices: tuple[str, ...] = ()
    """Features of the primary entity type by whose values metrics are reported, too."""
    slice_floor: dict[Name, float] | Literal[False] = Field(default={"auc": 0.5})
    """The least that each slice of 30 tuples or more must reach, by metric; `false`: no floor."""
    corpus: Corpus = Corpus()
    """Nearest neighbours of held-out entities, and their gates."""
    collapse: Collapse | Literal[False] = Collapse()
    """The gate against collapsed embeddings; `false` switches it off."""
    baseline: BeatsBaseline | Literal[False] = BeatsBaseline()
    """The gate that the model must beat the best baseline without training; `false` switches it
    off."""
    sanity: bool = True
    """The gate that scores are finite numbers, and not all the same; `false` switches it off."""

    @model_validator(mode="after")
    def _some_gate(self) -> "Evaluation":
        if not self.gates and not self.corpus.gates:
            raise ValueError("at least one metric must be given in `gates` or `corpus.gates`")
        return self


class Schedule(Frozen):
    """When an orchestrator with a clock starts a run."""

    cron: Cron | None = None
    """A cron expression, as `0 3 * * *`, or a preset, as `@daily`; without it runs are started by
    hand."""


class Recipe(Frozen):
    """All that a user writes about a system, besides the schema of an entity."""

    name: Name
    """The recipe's name, which its folder under `runs/` and its served model have, too."""
    description: str = ""
    """One sentence that says what the model learns."""
    data: Data
    """The rows to learn from."""
    relation: RelationConfig
    """The relation type, its source, and how tuples are drawn."""
    model: Model | None = None
    """The model. Without one the pipeline ends with Transform: it makes data."""
    training: Training = Training()
    """How the model is trained."""
    tuning: Tuning | None = None
    """Trials of other values. With it a Tuner comes before the Trainer, which takes the values of
    the best trial."""
    evaluation: Evaluation | None = None
    """The gates that a model must pass; required with a `model`."""
    schedule: Schedule = Schedule()
    """When an orchestrator starts a run."""

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
