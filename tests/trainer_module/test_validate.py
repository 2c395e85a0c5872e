"""The registry: components are found by name, and what does not fit is told."""

import pytest

from relation.core.errors import RecipeError
from relation.recipe import Evaluation, Model
from relation.schema import Feature, FeatureKind
from relation.spec import LabelKind, Role, pairs, ranked_pairs, rows, tags, triplets
from trainer_module.registry import HEADS, LOSSES, MINERS, TOWERS
from trainer_module.validate import check_level, check_model

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


FROZEN = {**CNN, "frozen": True}


def rows_of(kind):
    """Rows of two members with a label of a kind."""
    return lambda one, other: rows((Role("left", one), Role("right", other)), kind, 1)


def RELATED(one, other):
    return pairs(one, other, related=True)


def UNRELATED(one, other):
    return pairs(one, other, related=False)


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
        ({"loss": {"type": "mse"}}, pairs("item", "item", LabelKind.SCALAR)),  # Labels may be minus a distance.
        ({"head": {"type": "dot"}, "loss": {"type": "mse"}}, triplets("item", "item")),
        ({"loss": {"type": "nt_xent"}}, pairs("item", "item", related=True)),
        ({"tower": FROZEN, "head": {"type": "cosine"}, "loss": {"type": "cosine_mse"}}, pairs("item", "item", related=True)),
    ],
)  # fmt: skip
def test_what_a_loss_needs_is_there(changes, relation):
    check_model(_model(**changes), relation, {"item": (IMAGE,)})


@pytest.mark.parametrize(
    ("head", "fits"),
    [
        *(("logistic_distance", True), ("conditioned", True), ("concat_mlp", True)),
        *(("scorer", True), ("distance", False), ("squared_distance", False)),
        *(("cosine", False), ("dot", False), ("feature_error", False)),
    ],
)
def test_a_loss_of_logits_fits_heads_of_logits(head, fits):
    relation = ranked_pairs("item", None) if head == "scorer" else pairs("item", "item")
    model = _model(head={"type": head}, loss={"type": "binary_cross_entropy"})
    if fits:
        check_model(model, relation, {"item": (IMAGE,)})
        return
    with pytest.raises(RecipeError, match=f"got '{head}'; the loss 'binary_cross_entropy' reads"):
        check_model(model, relation, {"item": (IMAGE,)})


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
        ({"loss": {"type": "mse"}}, pairs, (IMAGE,), r"model\.head: got 'distance', whose answers are never above 0; the loss 'mse' compares them with 1 for related and 0 for unrelated"),
        ({"head": {"type": "squared_distance"}, "loss": {"type": "mae"}}, triplets, (IMAGE,), r"model\.head: got 'squared_distance', whose answers are never above 0"),
        ({}, RELATED, (IMAGE,), r"model\.loss: got 'contrastive'; all pairs are related, so one answer to everything is best: expected both kinds of pairs, or a loss within the batch"),
        ({}, UNRELATED, (IMAGE,), r"model\.loss: got 'contrastive'; all pairs are unrelated"),
        ({"head": {"type": "cosine"}, "loss": {"type": "cosent"}}, rows_of(LabelKind.NONE), (IMAGE,), r"model\.loss: got 'cosent'; all pairs are related"),
        ({"tower": FROZEN, "head": {"type": "cosine"}, "loss": {"type": "cosent"}}, RELATED, (IMAGE,), r"model\.loss: got 'cosent'; all pairs are related"),
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


SCALAR = pairs("item", "item", LabelKind.SCALAR)
COSENT = _model(head={"type": "cosine"}, loss={"type": "cosent"})


@pytest.mark.parametrize(
    ("evaluation", "gate"),
    [
        ({"gates": {"spearman": {"min": 0.5}, "r2": {"min": 0.5}}}, r"gates\.r2"),
        ({"gates": {"mae": {"max": 0.5}}}, r"gates\.mae"),
        ({"gates": {"mse": {"max_drop": 0.5}}}, r"gates\.mse"),
        ({"gates": {"pearson": {"min": 0.5}}, "slice_floor": {"r2": 0.1}}, r"slice_floor\.r2"),
    ],
)
def test_gates_on_numbers_where_order_alone_is_learnt_are_refused(evaluation, gate):
    named = rf"^evaluation\.{gate}: got a gate on '\w+', which compares .* the loss 'cosent' learns"
    gated = Evaluation.model_validate(evaluation)
    with pytest.raises(RecipeError, match=named):
        check_level(COSENT, SCALAR, gated)
    check_level(_model(head={"type": "cosine"}, loss={"type": "mse"}), SCALAR, gated)


def test_gates_on_order_are_no_fault():
    gates = {name: {"min": 0.5} for name in ("spearman", "kendall", "pearson")}
    check_level(COSENT, SCALAR, Evaluation.model_validate({"gates": gates}))
    tagged = Evaluation.model_validate({"gates": {"mae": {"max": 0.5}}})
    check_level(_model(loss={"type": "tag_mae"}), tags("item", 3), tagged)
