"""What Transform and Trainer need of a recipe: it travels as JSON in their `custom_config`."""

from pydantic import Field

from relation.compiled import CompiledRelation
from relation.data import RowReading
from relation.recipe import Model, Numbers, Training
from relation.schema import Feature
from relation.spec import Frozen, Relation
from relation.tuning import Tuning
from trainer_module.data.batch_keys import Keys

KEY = "request"
"""Where the JSON is found in `custom_config`."""


class PreprocessingRequest(Frozen):
    """The relation, and the features of each entity type that its tower takes.

    keys: the keys that define who is related within a batch; None: the model needs none.
    measured: the keys that say who is related for a metric of neighbours; None: none chooses the
      epoch.
    counted: the feature whose tags are counted; None: the loss does not weight tags.
    shown: features kept as text to name tuples in messages: ids, and the first label.
    numbers: as in the recipe's model.
    """

    compiled: CompiledRelation
    features: dict[str, tuple[Feature, ...]]
    keys: Keys | None = None
    measured: Keys | None = None
    counted: str | None = None
    shown: tuple[str, ...] = ()
    numbers: Numbers = "z_scores"

    @property
    def relation(self) -> Relation:
        """Roles, label and comparisons."""
        return self.compiled.tuples

    @property
    def hashed(self) -> tuple[str, ...]:
        """The features that are hashed, for the loss or for a metric."""
        names = (k.names(self.relation) for k in (self.keys, self.measured) if k is not None)
        return tuple(dict.fromkeys(name for those in names for name in those))

    @property
    def labels(self) -> tuple[str, ...]:
        """The ids of the labels, where they are an entity type of their own."""
        return self.compiled.label.domain if self.compiled.generated else ()


class TrainingRequest(Frozen):
    """Preprocessing, model and training; for the Tuner the search, too.

    schemas: of each entity type and edge list, in protobuf's text form.
    readings: how the files of those that are read were read.
    integer_ids: the ids of members that are integers in raw tuples.
    """

    preprocessing: PreprocessingRequest
    model: Model
    training: Training
    tuning: Tuning | None = None
    schemas: dict[str, str] = Field(default={})
    readings: dict[str, RowReading] = Field(default={})
    integer_ids: tuple[str, ...] = ()
