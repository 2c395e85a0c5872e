"""What Transform and Trainer need of a recipe: it travels as JSON in their `custom_config`."""

from relation import kinds
from relation.load import LoadedRecipe
from relation.materialization import Materialization
from relation.recipe import Model, Training
from relation.schema import Feature
from relation.spec import Frozen, Relation
from trainer_module.keys import Keys

KEY = "request"
"""Where the JSON is found in `custom_config`."""
WEIGHTED_TAG_LOSSES = frozenset({"weighted_tag_cross_entropy"})
"""The losses that weigh tags; named here, so that Transform depends on no loss."""


class PreprocessingRequest(Frozen):
    """The relation, and of each entity type the features that are handed on to its tower.

    `keys`: what tells who is related within a batch, where the loss asks for it. `counted`: the
    feature of the tags, where the loss weighs them by how many entities have each.
    """

    materialization: Materialization
    features: dict[str, tuple[Feature, ...]]
    keys: Keys | None = None
    counted: str | None = None

    @property
    def relation(self) -> Relation:
        """Roles, label and comparisons."""
        return self.materialization.tuples

    @property
    def labels(self) -> tuple[str, ...]:
        """The ids of the labels, where they are an entity type of their own."""
        asked = self.materialization
        apart = isinstance(asked.relation.source, kinds.Labels) and asked.other is not None
        return asked.tags if apart else ()

    @classmethod
    def of(cls, loaded: LoadedRecipe) -> "PreprocessingRequest":
        """The request that a recipe makes."""
        features = {entity: loaded.features_of(entity) for entity in loaded.tuples.entities}
        return cls(
            materialization=loaded.materialization,
            features=features,
            keys=Keys.of(loaded),
            counted=_counted(loaded),
        )


def _counted(loaded: LoadedRecipe) -> str | None:
    model, source = loaded.recipe.model, loaded.recipe.relation.source
    weighed = model is not None and model.loss.type in WEIGHTED_TAG_LOSSES
    return source.feature if weighed and isinstance(source, kinds.Labels) else None


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
