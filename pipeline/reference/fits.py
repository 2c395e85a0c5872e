"""Which heads and losses fit which relation: every combination, tried by the model's own checks."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from relation import spec
from relation.core.errors import RecipeError
from relation.recipe import Model
from relation.schema import Feature, FeatureKind
from relation.spec import LabelKind, Relation, Role
from trainer_module.registry import HEADS, LOSSES
from trainer_module.validate import check_model

_CLASSES = 3


class Case(NamedTuple):
    """A relation type with one of its labels."""

    relation_type: str
    label: str
    relations: tuple[Relation, ...]
    """With one entity type and with two, where both may be."""


def _both(make: Callable[[str, str], Relation]) -> tuple[Relation, ...]:
    return make("item", "item"), make("item", "other")


def _rows(kind: LabelKind, width: int = 1) -> tuple[Relation, ...]:
    return _both(lambda a, b: spec.rows((Role("left", a), Role("right", b)), kind, width))


def _pairs(kind: LabelKind, width: int = 1) -> tuple[Relation, ...]:
    return _both(lambda a, b: spec.pairs(a, b, kind, width))


CASES = (
    Case("pairs", "binary", _pairs(LabelKind.BINARY)),
    Case("pairs", "scalar", _pairs(LabelKind.SCALAR)),
    Case("pairs", "vector", _pairs(LabelKind.VECTOR, 2)),
    Case("pairs", "class", _pairs(LabelKind.CLASS)),
    Case("triplets", "none", _both(spec.triplets)),
    Case(
        "ntuples",
        "none",
        _both(lambda a, b: spec.ntuples(a, b, positives=1, negatives=4)),
    ),
    Case(
        "ranked_pairs", "difference of grades, with `query`", (spec.ranked_pairs("item", "other"),)
    ),
    Case("ranked_pairs", "difference of grades", (spec.ranked_pairs("item", None),)),
    Case("lists", "grades, with `query`", (spec.lists("item", "other", 8),)),
    Case("lists", "grades", (spec.lists("item", None, 8),)),
    Case("scored_pairs", "scalar", (spec.pairs("item", "item", LabelKind.SCALAR),)),
    Case(
        "scored_pairs",
        "vector: `width` above 1",
        (spec.pairs("item", "item", LabelKind.VECTOR, 2),),
    ),
    Case("tags", "numbers", (spec.tags("item", 5),)),
    Case("tags", "grades: `levels` above 1", (spec.tags("item", 5, 4),)),
    Case("rows", "none", _rows(LabelKind.NONE)),
    Case("rows", "binary", _rows(LabelKind.BINARY)),
    Case("rows", "scalar", _rows(LabelKind.SCALAR)),
    Case("rows", "vector", _rows(LabelKind.VECTOR, 2)),
    Case("rows", "class", _rows(LabelKind.CLASS)),
    Case("rows", "image", _rows(LabelKind.IMAGE)),
)

_NUMBER = Feature(name="x", kind=FeatureKind.NUMERIC, dtype="float", width=4)
_IMAGE = Feature(name="image", kind=FeatureKind.IMAGE, dtype="bytes", width=1)
_SIZE = {"height": 32, "width": 32}
_TOWERS: tuple[tuple[Feature, Mapping[str, dict[str, object]]], ...] = (
    (_NUMBER, {"item": {"type": "dense"}, "other": {"type": "dense"}}),
    (_NUMBER, {"item": {"type": "dense"}, "other": {"type": "dense", "frozen": True}}),
    (_IMAGE, {"item": {"type": "encoder_decoder", **_SIZE}, "other": {"type": "pixels", **_SIZE}}),
)
"""Towers to try for each entity type: trained, the second frozen, and those that answer images."""


def fitting(case: Case) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Names of heads, and of the losses that fit each of them; heads that fit none are left out."""
    heads_by_losses: dict[tuple[str, ...], list[str]] = {}
    for head in HEADS.names:
        losses = tuple(loss for loss in LOSSES.names if _fits(case, head, loss))
        if losses:
            heads_by_losses.setdefault(losses, []).append(head)
    for losses, heads in heads_by_losses.items():
        yield tuple(heads), losses


def _fits(case: Case, head: str, loss: str) -> bool:
    return any(
        _accepted(relation, feature, towers, head, loss)
        for relation in case.relations
        for feature, towers in _TOWERS
    )


def _accepted(
    relation: Relation,
    feature: Feature,
    towers: Mapping[str, dict[str, object]],
    head: str,
    loss: str,
) -> bool:
    model = Model.model_validate(
        {
            "towers": {entity: towers[entity] for entity in relation.entities},
            "head": {"type": head},
            "loss": {"type": loss},
        }
    )
    features = dict.fromkeys(relation.entities, (feature,))
    try:
        check_model(model, relation, features, _CLASSES)
    except RecipeError:
        return False
    return True
