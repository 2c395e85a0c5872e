"""Replace values of a recipe by those of a trial."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from relation.core.errors import RecipeError
from relation.core.validation_errors import describe
from relation.recipe import ComponentConfig, Model, Training
from relation.tuning import Value
from trainer_module.request import TrainingRequest


def tuned(request: TrainingRequest, values: Mapping[str, Value]) -> TrainingRequest:
    """Return a request with some values of its model and training replaced, by field.

    Raises:
      RecipeError: a field cannot be tuned, or rejects the value.
    """
    model, training = request.model, request.training
    for name, value in values.items():
        section, _, rest = name.partition(".")
        if section == "training" and rest in Training.model_fields and rest != "seed":
            changed = training.model_dump(exclude_unset=True) | {rest: value}
            training = _checked(Training, changed, "training")
        elif section == "model" and (new := _with_parameter(model, rest, value)) is not None:
            model = new
        else:
            raise RecipeError(
                f"tuning.space: got {name!r}; expected training.<option>, or "
                "model.<component>.<parameter>, except the seed and what scales the loss "
                "(model.loss, weight_decay)"
            )
    return request.model_copy(update={"model": model, "training": training})


def _with_parameter(model: Model, field: str, value: Value) -> Model | None:
    part, _, parameter = field.rpartition(".")
    if parameter == "weight_decay":
        return None
    if part in ("head", "tower", "mining") and getattr(model, part) is not None:
        return model.model_copy(update={part: _with_value(getattr(model, part), parameter, value)})
    entity = part.removeprefix("towers.")
    if part.startswith("towers.") and entity in model.towers:
        changed = _with_value(model.towers[entity], parameter, value)
        return model.model_copy(update={"towers": {**model.towers, entity: changed}})
    return None


def _with_value(config: ComponentConfig, parameter: str, value: Value) -> ComponentConfig:
    return ComponentConfig(
        type=config.type, params=tuple(sorted({**dict(config.params), parameter: value}.items()))
    )


def _checked(kind: type[Training], fields: dict[str, Any], prefix: str) -> Training:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise RecipeError("\n".join(describe(error, prefix=prefix))) from None


def best_values(hyperparameters: Mapping[str, Any]) -> dict[str, Value]:
    """Return the values by field, of the `HyperParameters` configuration that the Tuner writes."""
    return dict(hyperparameters["values"])
