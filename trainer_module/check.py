"""Checks that the parts a recipe names exist, and fit each other, the data and the relation."""

import functools
from collections.abc import Callable, Mapping

from relation.errors import RecipeError
from relation.recipe import Model
from relation.schema import Feature
from relation.spec import Relation
from trainer_module.answers import answer_of, check_loss
from trainer_module.losses.families import BatchLoss, ImageLoss
from trainer_module.parts import HEADS, LOSSES, TOWERS, Head, Loss


def check_model(
    model: Model,
    relation: Relation,
    features: Mapping[str, tuple[Feature, ...]],
    classes: int = 0,
) -> None:
    """Checks a recipe's model.

    Args:
      features: those that enter the tower, of each entity type.
      classes: of a label that is a class.

    Raises:
      RecipeError: parts do not exist or do not fit; the message names the field.
    """
    unknown = [name for name in model.towers if name not in relation.entities]
    missing = [name for name in relation.entities if model.towers and name not in model.towers]
    if unknown or missing:
        raise RecipeError(
            f"model.towers: got {', '.join(model.towers)}; expected one for each of "
            + ", ".join(relation.entities)
        )
    for entity in relation.entities:
        part = model.tower_of(entity)
        field = "model.tower" if model.tower is not None else f"model.towers.{entity}"
        _said(field, part.type, functools.partial(TOWERS.resolve(part).check, features[entity]))
    head, loss = HEADS.resolve(model.head), LOSSES.resolve(model.loss)
    _said("model.head", model.head.type, lambda: head.check(relation))
    answer = answer_of(head, relation, classes)
    if isinstance(loss, BatchLoss | ImageLoss):
        raise RecipeError(
            f"model.loss: got {model.loss.type!r}, and so far only losses a tuple can be trained"
        )
    _said("model.loss", model.loss.type, lambda: check_loss(loss, answer))
    if not isinstance(loss, Loss):
        return
    _said("model.loss", model.loss.type, lambda: loss.check(relation))
    if loss.reads_logits and isinstance(head, Head) and not head.is_logit:
        raise RecipeError(
            f"model.head: got {model.head.type!r}; the loss {model.loss.type!r} reads logits, as "
            "logistic_distance, conditioned, or concat_mlp (output: logit) answer them"
        )
    if loss.heads is not None and model.head.type not in loss.heads:
        raise RecipeError(
            f"model.head: got {model.head.type!r}; the loss {model.loss.type!r} works with "
            + " or ".join(sorted(loss.heads))
        )


def _said(field: str, got: str, check: Callable[[], None]) -> None:
    try:
        check()
    except ValueError as error:
        raise RecipeError(f"{field}: got {got!r}: {error}") from None
