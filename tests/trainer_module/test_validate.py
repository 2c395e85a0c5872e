"""The registry: components are found by name, and what does not fit is told."""

import pytest

from relation.core.errors import RecipeError
from relation.recipe import Model
from relation.schema import Feature, FeatureKind
from relation.spec import LabelKind, pairs, tags, triplets
from trainer_module.registry import HEADS, LOSSES, MINERS, TOWERS
from trainer_module.validate import check_model

IMAGE = Feature(name="image", kind=FeatureKind.IMAGE, dtype="bytes", width=1)
PRICE = Feature(name="price", kind=FeatureKind.NUMERIC, dtype="float", width=1)
CNN = {"type": "cnn", "height": 8, "width": 8}
NEEDED = {
    name: {"height": 8, "width": 8} for name in ("backbone", "cnn", "encoder_decoder", "pixels")
} | {"distance_weighted": {"dimension": 8}}
"""Parameters of components that have no default."""


def _model(**changes) -> Model:
    fitting = {"tower": CNN, "head": {"type": "distance"}, "loss": {"type": "contrastive"}}
    return Model.model_validate({**fitting, **changes})


@pytest.mark.parametrize(
    ("registry", "count"), [(TOWERS, 7), (HEADS, 14), (LOSSES, 35), (MINERS, 4)]
)
def test_every_registered_component_is_found(registry, count):
    assert len(registry.names) == count
    for name in registry.names:
        config = _model(tower={"type": name, **NEEDED.get(name, {})}).tower
        assert type(registry.resolve(config)).__doc__


@pytest.mark.parametrize(
    ("changes", "relation"),
    [
        ({"head": {"type": "concat_mlp", "output": "number"}, "loss": {"type": "mse"}}, pairs("item", "item")),
        ({"head": {"type": "cosine"}, "loss": {"type": "cosine_mse"}}, pairs("item", "item", LabelKind.SCALAR)),
        ({"head": {"type": "dot"}, "loss": {"type": "pairwise_logistic"}}, triplets("item", "item")),
        ({"head": {"type": "dot"}, "loss": {"type": "pairwise_logistic"}, "mining": {"type": "batch_hard"}}, pairs("item", "item", related=True)),
        ({"head": {"type": "vector"}, "loss": {"type": "value_mae"}}, pairs("item", "item", LabelKind.VECTOR, 3)),
    ],
)  # fmt: skip
def test_what_a_loss_needs_is_there(changes, relation):
    check_model(_model(**changes), relation, {"item": (IMAGE,)})


def test_a_fitting_model_passes():
    check_model(_model(), pairs("item", "item"), {"item": (IMAGE,)})


@pytest.mark.parametrize(
    ("changes", "relation", "features", "message"),
    [
        ({"loss": {"type": "hinge"}}, pairs, (IMAGE,), r"model\.loss\.type: got 'hinge'; expected one of approx_ndcg, .*binary_cross_entropy, .*triplet"),
        ({"loss": {"type": "contrastive", "margin": -1}}, pairs, (IMAGE,), r"model\.loss\.margin: got -1; .*greater than 0"),
        ({"loss": {"type": "contrastive", "margn": 1}}, pairs, (IMAGE,), r"model\.loss\.margn: unknown key"),
        ({"tower": {"type": "cnn", "width": 8}}, pairs, (IMAGE,), r"model\.tower\.height: missing"),
        ({"tower": {**CNN, "filters": ["a"]}}, pairs, (IMAGE,), r"model\.tower\.filters\.0: got 'a'"),
        ({"tower": {**CNN, "filters": [8, 8, 8, 8, 8]}}, pairs, (IMAGE,), r"model\.tower: got 'cnn': 5 blocks .* at least 16"),
        ({}, pairs, (PRICE,), r"model\.tower: got 'cnn': this tower takes one image; the recipe gives it price"),
        ({"tower": {"type": "encoder_decoder", "height": 8, "width": 8}}, pairs, (IMAGE, PRICE), r"model\.tower: got 'encoder_decoder': feature 'price' is of kind numeric; this tower takes image"),
        ({}, pairs, (IMAGE, IMAGE), r"model\.tower: got 'cnn': this tower takes one image"),
        ({"head": {"type": "squared_distance"}}, pairs, (IMAGE,), r"model\.head: got 'squared_distance'; the loss 'contrastive' works with distance"),
        ({"head": {"type": "tag"}}, pairs, (IMAGE,), r"model\.head: got 'tag': it works on an entity and its tags; .* roles left, right and a label of kind binary"),
        ({}, lambda item, _: tags(item, 3), (IMAGE,), r"model\.head: got 'distance': .* one number for two roles; .* kind tags and 0 comparisons"),
        ({"head": {"type": "tag"}}, lambda item, _: tags(item, 3), (IMAGE,), r"model\.loss: got 'contrastive': it is a TupleLoss; this head needs a TagLoss$"),
        ({"head": {"type": "ordinal"}, "loss": {"type": "weighted_tag_cross_entropy"}}, lambda item, _: tags(item, 3, 2), (IMAGE,), r"model\.head: got 'ordinal'; the loss 'weighted_tag_cross_entropy' weighs each tag"),
        ({"loss": {"type": "proxy_anchor"}}, pairs, (IMAGE,), r"model\.loss: got 'proxy_anchor', which compares entities .* expected the head cosine"),
        ({"tower": None, "towers": {"item": CNN, "user": CNN}}, pairs, (IMAGE,), r"model\.towers: got item, user; expected one for each of item"),
        ({"head": {"type": "logistic_distance"}, "loss": {"type": "mse"}}, pairs, (IMAGE,), r"model\.head: got 'logistic_distance', which answers a logit and serves its sigmoid; the loss 'mse' compares .* concat_mlp \(output: number\)$"),
        ({"head": {"type": "concat_mlp"}, "loss": {"type": "mae"}}, lambda item, other: pairs(item, other, LabelKind.SCALAR), (IMAGE,), r"model\.head: got 'concat_mlp', which answers a logit"),
        ({"head": {"type": "vector"}, "loss": {"type": "value_mse"}}, lambda item, other: pairs(item, other, LabelKind.CLASS), (IMAGE,), r"model\.loss: got 'value_mse'; it reads a label of kind scalar or vector, and tuples of this relation have one of kind class$"),
        ({"head": {"type": "vector"}, "loss": {"type": "class_cross_entropy"}}, lambda item, other: pairs(item, other, LabelKind.VECTOR, 3), (IMAGE,), r"model\.loss: got 'class_cross_entropy'; it reads a label of kind class"),
        ({"head": {"type": "cosine"}, "loss": {"type": "pairwise_hinge"}}, pairs, (IMAGE,), r"model\.loss: got 'pairwise_hinge'; .* one comparison, so its loss is always 0"),
        ({"loss": {"type": "triplet"}}, pairs, (IMAGE,), r"model\.loss: got 'triplet': it needs tuples of an anchor"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_field(changes, relation, features, message):
    with pytest.raises(RecipeError, match=message):
        check_model(_model(**changes), relation("item", "item"), {"item": features})


def test_triplets_may_learn_by_pair_losses():
    check_model(_model(), triplets("item", "item"), {"item": (IMAGE,)})


TRIPLET, HARD = {"type": "triplet"}, {"type": "batch_hard"}


@pytest.mark.parametrize("relation", [pairs, triplets])
@pytest.mark.parametrize("loss", ["circle", "in_batch_softmax"])
def test_losses_within_a_batch_learn_from_pairs_and_triplets(loss, relation):
    check_model(_model(loss={"type": loss}), relation("item", "item"), {"item": (IMAGE,)})


@pytest.mark.parametrize("relation", [pairs, triplets])
def test_triplets_are_mined_from_tuples_of_any_kind(relation):
    model = _model(loss=TRIPLET, mining=HARD)
    check_model(model, relation("item", "item"), {"item": (IMAGE,)})


@pytest.mark.parametrize(
    ("changes", "relation", "message"),
    [
        ({"loss": {"type": "circle"}}, lambda item: pairs(item, item, LabelKind.SCALAR), r"model\.loss: got 'circle': it learns within a batch, and so needs .* label of kind scalar"),
        ({"loss": {"type": "circle"}, "mining": HARD}, lambda item: pairs(item, item), r"model\.loss: got 'circle'; `mining` chooses triplets"),
        ({"loss": {"type": "soft_triplet"}, "mining": {"type": "batch_all"}}, lambda item: pairs(item, item), r"model\.mining: got 'batch_all': batch_all needs the loss triplet; got SoftTriplet"),
        ({"loss": TRIPLET, "mining": {"type": "distance_weighted", "dimension": 8}}, lambda item: pairs(item, item), r"model\.mining\.head: got 'cosine'; expected the model's head, 'distance'"),
        ({"loss": TRIPLET, "mining": {"type": "hardest"}}, lambda item: pairs(item, item), r"model\.mining\.type: got 'hardest'; expected one of batch_all"),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_within_a_batch_is_told(changes, relation, message):
    with pytest.raises(RecipeError, match=message):
        check_model(_model(**changes), relation("item"), {"item": (IMAGE,)})
