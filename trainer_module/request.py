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
    counted: the feature whose tags are counted; None: the loss does not weight tags.
    shown: features kept as text to name tuples in messages: ids, and the first label.
    numbers: as in the recipe's model.
    """

    compiled: CompiledRelation
    features: dict[str, tuple[Feature, ...]]
    keys: Keys | None = None
    counted: str | None = None
    shown: tuple[str, ...] = ()
    numbers: Numbers = "z_scores"

    @property
    def relation(self) -> Relation:
        """Roles, label and comparisons."""
        return self.compiled.tuples

    @property
    def labels(self) -> tuple[str, ...]:
        """The ids of the labels, where they are an entity type of their own."""
        return self.compiled.label.domain if self.compiled.generated else ()


class TrainingRequest(Frozen):
    """Preprocessing, model and training; for the Tuner the search, too.

    schemas: of each entity type and edge list, in protobuf's text form.
    readings: how the files of those that are read were read.
    """

    preprocessing: PreprocessingRequest
    model: Model
    training: Training
    tuning: Tuning | None = None
    schemas: dict[str, str] = Field(default={})
    readings: dict[str, RowReading] = Field(default={})
