"""Checks that the components a recipe names exist, and fit each other, data and relation."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from relation.core.errors import Faults, RecipeError
from relation.recipe import ComponentConfig, Evaluation, Model
from relation.schema import Feature
from relation.spec import LabelKind, Relation, triplets
from trainer_module.heads.base import Head, SimilarityHead
from trainer_module.losses.base import Loss, TupleLoss
from trainer_module.metrics.registry import NUMBERS
from trainer_module.registry import HEADS, LOSSES, MINERS, TOWERS, Components, task_of
from trainer_module.tasks.base import Task


def check_model(
    model: Model,
    relation: Relation,
    features: Mapping[str, tuple[Feature, ...]],
    classes: int = 0,
) -> None:
    """Checks a recipe's model.

    Args:
      features: those that enter the tower, of each entity type.
      classes: number of classes of a label that is a class.

    Raises:
      RecipeError: components do not exist or do not fit; the message names the field.
    """
    check_components(component_configs(model))
    faults = Faults()
    faults.check(_check_tower_names, model, relation)
    faults.raise_any()
    for entity in relation.entities:
        faults.check(_check_tower, model, entity, features[entity])
    head = HEADS.resolve(model.head)
    if faults.check(_check, "model.head", model.head.type, lambda: head.check(relation)):
        faults.check(_check_images, model, relation, head)
        faults.check(_check_loss, model, relation, head, task_of(head, relation, classes))
    faults.raise_any()


def component_configs(model: Model) -> dict[str, ComponentConfig]:
    """The configurations of the components of a model, by the recipe's field."""
    parts = {"tower": model.tower, "head": model.head, "loss": model.loss, "mining": model.mining}
    named = {f"towers.{entity}": part for entity, part in model.towers.items()}
    return {f"model.{key}": part for key, part in {**parts, **named}.items() if part is not None}


def check_components(configs: Mapping[str, ComponentConfig]) -> None:
    """Checks that components exist and take their parameters.

    Args:
      configs: by the recipe's field, as `model.towers.item`.

    Raises:
      RecipeError: a line for each fault.
    """
    faults = Faults()
    for field, config in configs.items():
        registry: Components[Any] = _REGISTRIES[field.split(".")[1]]
        faults.check(registry.resolve, config, field)
    faults.raise_any()


_REGISTRIES: Mapping[str, Components[Any]] = {
    "tower": TOWERS,
    "towers": TOWERS,
    "head": HEADS,
    "loss": LOSSES,
    "mining": MINERS,
}


def _check_tower_names(model: Model, relation: Relation) -> None:
    unknown = [name for name in model.towers if name not in relation.entities]
    missing = [name for name in relation.entities if model.towers and name not in model.towers]
    if unknown or missing:
        raise RecipeError(
            f"model.towers: got {', '.join(model.towers)}; expected one for each of "
            + ", ".join(relation.entities)
        )


def _check_tower(model: Model, entity: str, features: tuple[Feature, ...]) -> None:
    part = model.tower_of(entity)
    field = "model.tower" if model.tower is not None else f"model.towers.{entity}"
    _check(field, part.type, functools.partial(TOWERS.resolve(part).check, features))


def _check_loss(model: Model, relation: Relation, head: Head, task: Task) -> None:
    """Checks the loss against head, label and miner: the first thing that does not fit."""
    loss = LOSSES.resolve(model.loss)
    if loss.needs_proxies and (
        model.head.type != "cosine" or model.mining or len(relation.entities) > 1
    ):
        raise RecipeError(
            f"model.loss: got {model.loss.type!r}, which compares entities of one type with "
            "proxies of their groups by cosine; expected the head cosine, and no mining"
        )
    _check("model.loss", model.loss.type, lambda: task.check_loss(loss))
    if loss.labels is not None and relation.label not in loss.labels:
        kinds = " or ".join(sorted(kind.value for kind in loss.labels))
        raise RecipeError(
            f"model.loss: got {model.loss.type!r}; it reads a label of kind {kinds}, and tuples of "
            f"this relation have one of kind {relation.label.value}"
        )
    if loss.needs_tag_weights and not task.one_column_a_tag:
        raise RecipeError(
            f"model.head: got {model.head.type!r}; the loss {model.loss.type!r} weighs each tag: "
            "expected the head tag"
        )
    if model.mining is not None:
        _check_mining(model, model.mining, relation, task, loss)
    learnt = relation if model.mining is None else triplets(*relation.entities * 2)
    _check("model.loss", model.loss.type, lambda: loss.check(learnt))
    if loss.needs_logits and not head.is_logit:
        raise RecipeError(
            f"model.head: got {model.head.type!r}; the loss {model.loss.type!r} reads logits: "
            "expected logistic_distance, conditioned, or concat_mlp (output: logit)"
        )
    if loss.needs_values and not head.serves_answer:
        raise RecipeError(
            f"model.head: got {model.head.type!r}, which answers a logit and serves its sigmoid; "
            f"the loss {model.loss.type!r} compares the answer itself with the label: expected a "
            "head that serves what it answers, as cosine, dot, or concat_mlp (output: number)"
        )
    if loss.needs_several_columns and len(learnt.comparisons) == 1:
        raise RecipeError(
            f"model.loss: got {model.loss.type!r}; it compares what a tuple says of several "
            "members, and a tuple of this relation has one comparison, so its loss is always 0: "
            "expected a loss of pairs, or `mining`"
        )
    _check_targets(model, learnt, head, loss)
    if loss.needs_frozen_tower:
        _check_frozen(model, relation)
    if loss.heads is not None and model.head.type not in loss.heads:
        raise RecipeError(
            f"model.head: got {model.head.type!r}; the loss {model.loss.type!r} works with "
            + " or ".join(sorted(loss.heads))
        )


def check_level(model: Model, relation: Relation, evaluation: Evaluation) -> None:
    """Check that no gate compares answers with labels as numbers, where only their order is learnt.

    Raises:
      RecipeError: a gate does; the message names it.
    """
    if relation.label is not LabelKind.SCALAR or not LOSSES.resolve(model.loss).orders_only:
        return
    for field, gated in (
        ("gates", evaluation.gates),
        ("slice_floor", evaluation.slice_floor or {}),
    ):
        for name in gated:
            if name in NUMBERS:
                raise RecipeError(
                    f"evaluation.{field}.{name}: got a gate on {name!r}, which compares answers "
                    f"with labels as numbers; the loss {model.loss.type!r} learns their order "
                    "alone: expected spearman or kendall, or another loss, such as mse"
                )


def _check_targets(model: Model, relation: Relation, head: Head, loss: Loss) -> None:
    """Checks that targets of 0 and 1 can be reached, and that there are both."""
    targets = {compared.related for compared in relation.comparisons}
    of_tuples = isinstance(loss, TupleLoss) and isinstance(head, SimilarityHead)
    if not of_tuples or (None in targets and relation.label is not LabelKind.BINARY):
        return
    if loss.needs_values and head.below_zero:
        raise RecipeError(
            f"model.head: got {model.head.type!r}, whose answers are never above 0; the loss "
            f"{model.loss.type!r} compares them with 1 for related and 0 for unrelated, so it is "
            "least where all embeddings are the same: expected cosine or dot, or the loss "
            "contrastive"
        )
    frozen = any(TOWERS.resolve(model.tower_of(entity)).frozen for entity in relation.entities)
    if len(relation.comparisons) == 1 and None not in targets and (loss.orders_only or not frozen):
        (related,) = targets
        raise RecipeError(
            f"model.loss: got {model.loss.type!r}; all pairs are "
            f"{'related' if related else 'unrelated'}, so one answer to everything is best: "
            "expected both kinds of pairs, or a loss within the batch, such as in_batch_softmax"
        )


def _check_images(model: Model, relation: Relation, head: Head) -> None:
    """Checks that towers return images of one shape where the head takes images, and nowhere
    else."""
    towers = {name: TOWERS.resolve(model.tower_of(name)) for name in relation.entities}
    shapes = {name: tower.image for name, tower in towers.items()}
    if not head.takes_images:
        if pictures := [entity for entity, shape in shapes.items() if shape]:
            raise RecipeError(
                f"model.head: got {model.head.type!r}, which takes vectors, but the tower of "
                f"{pictures[0]} gives images: expected image"
            )
        return
    entities = (relation.entity_of(relation.scored.left), relation.entity_of(relation.scored.right))
    predicted, expected = (shapes[entity] for entity in entities)
    if predicted is None or predicted != expected:
        raise RecipeError(
            f"model.head: got {model.head.type!r}, which takes images of one shape, but the tower "
            f"of {entities[0]} gives {_shape(predicted)} and that of {entities[1]} "
            f"{_shape(expected)}: expected the towers encoder_decoder and pixels"
        )


def _shape(image: tuple[int, int, int] | None) -> str:
    return "a vector" if image is None else "×".join(map(str, image))


def _check_frozen(model: Model, relation: Relation) -> None:
    left, right = relation.scored.left, relation.scored.right
    for role, expected in ((left, False), (right, True)):
        entity = relation.entity_of(role)
        if TOWERS.resolve(model.tower_of(entity)).frozen is not expected:
            raise RecipeError(
                f"model.towers.{entity}.frozen: got {str(not expected).lower()}; the loss "
                f"{model.loss.type!r} trains {left} to match fixed features of {right}: expected a "
                f"frozen tower for {right} only"
            )


def _check_mining(
    model: Model, mining: ComponentConfig, relation: Relation, task: Task, loss: Loss
) -> None:
    miner = MINERS.resolve(mining)
    if not task.compares or len(relation.entities) != 1:
        raise RecipeError(
            f"model.mining: got {mining.type!r}, which needs one entity type and a head that "
            "compares two roles"
        )
    if not isinstance(loss, TupleLoss):
        raise RecipeError(
            f"model.loss: got {model.loss.type!r}; `mining` chooses triplets: expected a loss of "
            "triplets, such as triplet, soft_triplet or pairwise_logistic"
        )
    _check("model.mining", mining.type, lambda: miner.check(loss))
    if miner.reads_head not in (None, model.head.type):
        raise RecipeError(
            f"model.mining.head: got {miner.reads_head!r}; expected the model's head, "
            f"{model.head.type!r}"
        )


def _check(field: str, got: str, check: Callable[[], None]) -> None:
    """Runs a check; its ValueError becomes a RecipeError that names field and value."""
    try:
        check()
    except ValueError as error:
        raise RecipeError(f"{field}: got {got!r}: {error}") from None
