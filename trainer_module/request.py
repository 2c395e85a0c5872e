"""What Transform and Trainer need of a recipe: it travels as JSON in their `custom_config`."""

from relation.load import LoadedRecipe
from relation.materialization import Materialization
from relation.recipe import Model, Training
from relation.schema import Feature
from relation.spec import Frozen, Relation
from trainer_module.keys import Keys

KEY = "request"
"""Where the JSON is found in `custom_config`."""


class PreprocessingRequest(Frozen):
    """The relation, and of each entity type the features that are handed on to its tower.

    `keys`: what tells who is related within a batch, where the loss asks for it.
    """

    materialization: Materialization
    features: dict[str, tuple[Feature, ...]]
    keys: Keys | None = None

    @property
    def relation(self) -> Relation:
        """Roles, label and comparisons."""
        return self.materialization.tuples

    @classmethod
    def of(cls, loaded: LoadedRecipe) -> "PreprocessingRequest":
        """The request that a recipe makes."""
        features = {entity: loaded.features_of(entity) for entity in loaded.tuples.entities}
        return cls(materialization=loaded.materialization, features=features, keys=Keys.of(loaded))


class TrainingRequest(Frozen):
    """What is preprocessed, and the model to train on it."""

    preprocessing: PreprocessingRequest
    model: Model
    training: Training

    @classmethod
    def of(cls, loaded: LoadedRecipe) -> "TrainingRequest":
        """The request that a recipe makes."""
        assert loaded.recipe.model is not None
        return cls(
            preprocessing=PreprocessingRequest.of(loaded),
            model=loaded.recipe.model,
            training=loaded.recipe.training,
        )
