"""What Transform and Trainer need of a recipe: it travels as JSON in their `custom_config`."""

from collections.abc import Mapping

from relation.compiled import CompiledRelation
from relation.core.errors import RecipeError
from relation.load import LoadedRecipe
from relation.names import ID, prefixed
from relation.recipe import Model, Numbers, Training
from relation.schema import Feature
from relation.spec import Frozen, Relation
from relation.tuning import Tuning, Value
from trainer_module.data.batch_keys import Keys
from trainer_module.training.tuning import tuned

KEY = "request"
"""Where the JSON is found in `custom_config`."""
WEIGHTED_TAG_LOSSES = frozenset({"weighted_tag_cross_entropy"})
"""The losses that weigh tags; named here, so that Transform depends on no loss."""


class PreprocessingRequest(Frozen):
    """The relation, and of each entity type the features that are handed on to its tower.

    `keys`: what tells who is related within a batch, where the loss asks for it. `counted`: the
    feature of the tags, where the loss weighs them by how many entities have each. `shown`:
    features of tuples that are kept as text, to name tuples: ids, and of the first role the label.
    `numbers`: as in the recipe's model.
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

    @classmethod
    def of(cls, loaded: LoadedRecipe) -> "PreprocessingRequest":
        """The request that a recipe makes."""
        features = {entity: loaded.features_of(entity) for entity in loaded.tuples.entities}
        model = loaded.recipe.model
        return cls(
            compiled=loaded.compiled,
            features=features,
            keys=Keys.of(loaded),
            counted=_counted(loaded),
            shown=_shown(loaded),
            numbers=model.numbers if model is not None else "z_scores",
        )


def _counted(loaded: LoadedRecipe) -> str | None:
    model = loaded.recipe.model
    weighed = model is not None and model.loss.type in WEIGHTED_TAG_LOSSES
    return loaded.compiled.label_by if weighed else None


def _shown(loaded: LoadedRecipe) -> tuple[str, ...]:
    roles, label = loaded.tuples.roles, loaded.compiled.label_by
    names = [prefixed(role.name, ID) for role in roles]
    if label is not None:
        names.append(prefixed(roles[0].name, label))
    return tuple(names)


class TrainingRequest(Frozen):
    """What is preprocessed, and the model to train on it; for the Tuner also what is tried."""

    preprocessing: PreprocessingRequest
    model: Model
    training: Training
    tuning: Tuning | None = None

    def tuned_by(self, values: Mapping[str, Value]) -> "TrainingRequest":
        """With the values of a trial in the place of those of the recipe.

        Raises:
          RecipeError: see `tuned`.
        """
        model, training = tuned(self.model, self.training, values)
        return self.model_copy(update={"model": model, "training": training})

    @classmethod
    def of(cls, loaded: LoadedRecipe) -> "TrainingRequest":
        """The request that a recipe makes, for the Trainer.

        Raises:
          RecipeError: the training options do not fit the loss.
        """
        assert loaded.recipe.model is not None
        preprocessing = PreprocessingRequest.of(loaded)
        if loaded.recipe.training.jit and preprocessing.keys is not None:
            raise RecipeError(
                f"{loaded.path}: training.jit: got True; XLA compiles no losses within a batch, "
                "nor mining: expected false"
            )
        return cls(
            preprocessing=preprocessing,
            model=loaded.recipe.model,
            training=loaded.recipe.training,
        )
