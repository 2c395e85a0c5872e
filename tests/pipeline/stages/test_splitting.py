"""The step that splits the rows of an entity type or edge list, and its keys."""

import pytest

from pipeline.stages.splitting import hash_keys, split_step
from relation.core.errors import RecipeError
from relation.load import load_recipe
from tests.relation import systems

BOTH = {"train": "/a", "eval": "/b"}


@pytest.fixture
def edited(tmp_path):
    """edited(name, (old, new)…) -> a shipped recipe with parts of its text replaced."""

    def load(name, *replacements):
        text = load_recipe(name).path.read_text()
        for old, new in replacements:
            assert text.count(old) == 1
            text = text.replace(old, new)
        path = tmp_path / "edited.yaml"
        path.write_text(text)
        return load_recipe(str(path))

    return load


@pytest.mark.parametrize(
    ("recipe", "table", "hashed"),
    [
        ("digits_triplets", "item", ("id", "id")),
        ("two_tower_retrieval", "user", ("id", "id")),
        ("two_tower_retrieval", "item", ("id", "id")),
        ("two_tower_retrieval", "purchases", (None, None)),
        ("search_ranking", "document", ("id", "query_id")),
        ("search_ranking", "query", ("query_id", "query_id")),
        ("relation_class", "product", ("id", None)),
        ("relation_class", "links", (None, None)),
        ("entity_matching", "pairs", (None, "block")),
        ("label_conditioned", "scene", ("id", "id")),
        ("image_labels_dense", "sketches", (None, "image_id")),
    ],
)
def test_the_feature_whose_hash_splits_rows(recipe, table, hashed):
    assert hash_keys(load_recipe(recipe), table, "/rows/*") == hashed


BY_GROUP = "unit: group, feature: block, train"
BY_ENTITY = (BY_GROUP, "unit: entity, train")


def test_rows_that_hold_their_members_are_split_by_the_id_of_the_first(edited):
    loaded = edited("entity_matching", BY_ENTITY)
    assert hash_keys(loaded, "pairs", "/rows/*") == (None, "left_id")
    assert split_step(loaded) is None


def test_rather_by_the_id_of_a_member_that_is_in_one_split_alone(edited):
    loaded = edited(
        "entity_matching",
        (BY_GROUP, "unit: entity, shared: [offer], train"),
        ("  edges:", "    other: {schema: schemas/offers.pbtxt}\n  edges:"),
        ("{left: offer, right: offer}", "{left: offer, right: other}"),
    )
    assert hash_keys(loaded, "pairs", "/rows/*") == (None, "right_id")


def test_rows_that_hold_no_ids_are_left_to_relation_gen(edited, tmp_path):
    schema = tmp_path / "sketches.pbtxt"
    schema.write_text(
        """feature { name: "image_image" type: BYTES image_domain {} }
        feature { name: "target_image" type: BYTES image_domain {} }"""
    )
    loaded = edited("image_labels_dense", ("schemas/sketches.pbtxt", str(schema)))
    assert hash_keys(loaded, "sketches", "/rows/*") == (None, None)


@pytest.mark.parametrize(
    ("recipe", "table", "id_feature"),
    [("two_tower_retrieval", "user", "id"), ("two_tower_retrieval", "purchases", None)],
)
def test_files_with_a_split_are_not_hashed(recipe, table, id_feature):
    assert hash_keys(load_recipe(recipe), table, BOTH) == (id_feature, None)


def test_shared_entities_are_split_by_their_id(edited):
    loaded = edited(
        "two_tower_retrieval",
        ("generator: demo_data.retail.users", "path: {train: /a/*, eval: /b/*}"),
        ("{unit: entity, shared: [item], train: 3, eval: 1}", "{unit: files, shared: [item]}"),
    )
    assert hash_keys(loaded, "item", "/items/*") == ("id", "id")
    assert hash_keys(loaded, "user", BOTH) == ("id", None)


def test_components_of_an_edge_list():
    split = split_step(load_recipe("relation_class"))
    assert split.inputs == {"examples": "product", "edges": "links"}
    assert split.request.model_dump(exclude_defaults=True) == {
        "unit": "component",
        "entities": {"product": {"name": "id", "type": "bytes"}},
        "edges": {
            "left": {"entity": "product", "id": {"name": "left", "type": "bytes"}},
            "right": {"entity": "product", "id": {"name": "right", "type": "bytes"}},
        },
        "shares": {"train": 3, "eval": 1},
        "seed": 1,
    }


def test_components_of_rows_that_hold_their_members(edited):
    split = split_step(edited("entity_matching", (BY_GROUP, "unit: component, train")))
    assert split.inputs == {"examples": "pairs", "other_examples": "pairs", "edges": "pairs"}
    left, right = {"name": "left_id", "type": "bytes"}, {"name": "right_id", "type": "bytes"}
    actual = split.request.model_dump(include={"entities", "edges"})
    assert actual["entities"] == {"left": left, "right": right}
    assert actual["edges"] == {
        "left": {"entity": "left", "id": left},
        "right": {"entity": "right", "id": right},
    }


def test_components_of_rows_without_two_ids(edited):
    loaded = edited("image_labels_dense", ("unit: entity", "unit: component"))
    with pytest.raises(
        RecipeError, match=r"data\.split\.unit: got 'component'; .* these: image_id$"
    ):
        split_step(loaded)


def test_an_edge_list_that_is_there_to_connect(edited):
    links = """  edges:
    bonds:
      schema: schemas/product_links.pbtxt
      path: /bonds/*
      left: {entity: product, id: left}
      right: {entity: product, id: right}
"""
    loaded = edited("relation_class", ("  edges:\n", links))
    assert split_step(loaded).inputs == {"examples": "product", "edges": "bonds"}


def test_a_list_of_negatives_connects_nothing(tmp_path):
    negatives = {"draw": "given", "edges": "mined", "probability": "likeness"}
    changes = {"data.edges.mined": systems.VOTES, "relation.sampling.negatives": negatives}
    loaded = systems.load(tmp_path, "edge_pairs", {**changes, "data.split.unit": "component"})
    assert split_step(loaded).inputs == {"examples": "item", "edges": "votes"}


def test_time(edited):
    by_time = ("unit: entity, shared", "unit: time, feature: age, shared")
    split = split_step(edited("two_tower_retrieval", by_time))
    assert split.inputs == {"examples": "user", "other_examples": "item", "edges": "purchases"}
    actual = split.request.model_dump(include={"feature", "shared", "unit"})
    assert actual["unit"] == "time"
    assert actual["feature"]["name"] == "age"
    assert actual["shared"] == ("item",)


def test_rows_that_hold_their_members_by_time(edited):
    def at(feature):
        text = f"unit: time, feature: {feature}, train"
        return split_step(edited("entity_matching", (BY_GROUP, text)))

    split = at("match")
    assert split.inputs == {"examples": "pairs"}
    assert split.request.entities["rows"].name == split.request.feature.name == "match"
    with pytest.raises(RecipeError, match=r"got 'left_price', a float; .* by an integer"):
        at("left_price")


def test_a_split_that_no_input_can_give(edited):
    loaded = edited(
        "label_conditioned",
        ("unit: entity", "unit: component"),
        (
            "  split:",
            "  edges:\n    links:\n      schema: schemas/product_links.pbtxt\n      path: /links/*\n"
            "      left: {entity: scene, id: left}\n      right: {entity: tag, id: right}\n  split:",
        ),
    )
    with pytest.raises(RecipeError, match=r"data\.split: .*must name types of `entities`"):
        split_step(loaded)
