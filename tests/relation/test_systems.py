"""Every source and kind of tuple: its roles, its label and the schema of its tuples, by hand."""

from typing import Any

import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.spec import Comparison, Relation, Role
from tests.relation.systems import ITEM, SYSTEMS, VOTES, load
from tests.relations import compiled

ITEMS = ("sku", "brand", "shop", "tags", "sure", "price", "views", "year", "vector", "photo")
USERS = ("user", "shop", "age")
DOCUMENTS = ("query", "grade", "text", "trust")
QUERIES = ("query", "words")
LABELLED = {"relation": ("FLOAT", 1, 1, 1.0)}
DRAWN = {"negative_prob": ("FLOAT", 1, 1, 0.0)}
NEGATIVE = {"negative_prob": ("FLOAT", 1, 1, 1.0)}
NEGATIVES = {"negative_prob": ("FLOAT", 4, 4, 1.0)}


def _label(width: int) -> dict[str, tuple[str, int, int, float]]:
    return {"relation": ("FLOAT", width, width, 1.0)}


# name: {role: entity type}, label, width, domain, features of the tuple itself.
EXPECTED: dict[str, tuple[dict[str, str], str, int, tuple[str, ...], dict[str, Any]]] = {
    "label_pairs": ({"left": "item", "right": "item"}, "binary", 1, (), LABELLED | DRAWN),
    "label_triplets": ({"anchor": "item", "positive": "item", "negative": "item"}, "none", 1, (), NEGATIVE),
    "label_ntuples": (
        {"anchor": "item", "positive": "item", "negative_0": "item", "negative_1": "item", "negative_2": "item", "negative_3": "item"},
        "none", 1, (), NEGATIVES,
    ),
    "edge_pairs": ({"left": "item", "right": "item"}, "binary", 1, (), LABELLED | DRAWN),
    "edge_scalars": ({"left": "item", "right": "item"}, "scalar", 1, (), LABELLED | DRAWN),
    "edge_vectors": ({"left": "item", "right": "item"}, "vector", 3, (), _label(3) | DRAWN),
    "edge_classes": ({"left": "item", "right": "item"}, "class", 1, ("part", "twin"), LABELLED | DRAWN),
    "edge_triplets": ({"anchor": "user", "positive": "item", "negative": "item"}, "none", 1, (), NEGATIVE),
    "edge_ntuples": (
        {"anchor": "user", "positive": "item", "negative_0": "item", "negative_1": "item", "negative_2": "item", "negative_3": "item"},
        "none", 1, (), NEGATIVES,
    ),
    "tag_pairs": ({"left": "item", "right": "tag"}, "binary", 1, ("red", "round", "new"), LABELLED | DRAWN),
    "tag_triplets": ({"anchor": "item", "positive": "tag", "negative": "tag"}, "none", 1, ("red", "round", "new"), NEGATIVE),
    "tag_ntuples": (
        {"anchor": "item", "positive": "tag", "negative_0": "tag", "negative_1": "tag", "negative_2": "tag", "negative_3": "tag"},
        "none", 1, ("red", "round", "new"), NEGATIVES,
    ),
    "tags": ({"example": "item"}, "tags", 3, ("red", "round", "new"), _label(3)),
    "sure_tags": ({"example": "item"}, "tags", 3, ("red", "round", "new"), _label(3)),
    "ranked_pairs": ({"preferred": "document", "other": "document"}, "scalar", 1, (), LABELLED),
    "ranked_query": ({"preferred": "document", "other": "document", "query": "query"}, "scalar", 1, (), LABELLED),
    "lists": ({f"document_{i}": "document" for i in range(32)}, "grades", 32, (), _label(32)),
    "query_lists": ({**{f"document_{i}": "document" for i in range(32)}, "query": "query"}, "grades", 32, (), _label(32)),
    "scored_pairs": ({"left": "item", "right": "item"}, "scalar", 1, (), LABELLED),
    "scored_vectors": ({"left": "item", "right": "item"}, "vector", 5, (), _label(5)),
    "rows": ({"image": "picture", "target": "picture"}, "none", 1, (), {}),
    "verdicts": ({"image": "picture", "target": "picture"}, "binary", 1, (), LABELLED),
    "marks": ({"image": "picture", "target": "picture"}, "vector", 2, (), _label(2)),
    "origins": ({"image": "picture", "target": "picture"}, "class", 1, ("hand", "machine"), LABELLED),
}  # fmt: skip
FEATURES = {
    "item": ITEMS,
    "user": USERS,
    "tag": ("tag",),
    "document": DOCUMENTS,
    "query": QUERIES,
    "picture": ("image",),
}


def _described(schema: schema_pb2.Schema) -> dict[str, tuple[str, int, int, float]]:
    return {
        feature.name: (
            schema_pb2.FeatureType.Name(feature.type),
            feature.value_count.min,
            feature.value_count.max,
            feature.presence.min_fraction,
        )
        for feature in schema.feature
    }


def test_every_system_is_expected_to_be_something():
    assert set(EXPECTED) == set(SYSTEMS)


@pytest.mark.parametrize("name", SYSTEMS)
def test_roles_label_and_features_of_tuples(tmp_path, name):
    roles, label, width, domain, own = EXPECTED[name]
    loaded = load(tmp_path, name)
    tuples = loaded.tuples
    assert [(role.name, role.entity) for role in tuples.roles] == list(roles.items())
    assert (tuples.label.value, tuples.width, loaded.compiled.label.domain) == (
        label,
        width,
        domain,
    )
    actual = _described(loaded.tuple_schema)
    of_roles = {f"{role}_{f}" for role, entity in roles.items() for f in (*FEATURES[entity], "id")}
    assert {name: what for name, what in actual.items() if name not in of_roles} == own
    assert set(actual) == of_roles | set(own)


COMPARISONS = {
    "label_pairs": [("left", "right", None)],
    "tag_pairs": [("left", "right", None)],
    "scored_vectors": [("left", "right", None)],
    "edge_triplets": [("anchor", "positive", True), ("anchor", "negative", False)],
    "label_ntuples": [("anchor", "positive", True), *(("anchor", f"negative_{i}", False) for i in range(4))],
    "ranked_pairs": [],
    "ranked_query": [("query", "preferred", True), ("query", "other", False)],
    "lists": [],
    "query_lists": [("query", f"document_{i}", None) for i in range(32)],
    "tags": [],
    "rows": [("image", "target", True)],
    "verdicts": [("image", "target", None)],
}  # fmt: skip


@pytest.mark.parametrize("name", COMPARISONS)
def test_which_roles_are_compared(tmp_path, name):
    expected = tuple(Comparison(*compared) for compared in COMPARISONS[name])
    assert load(tmp_path, name).tuples.comparisons == expected


def test_what_relation_gen_is_asked_for(tmp_path):
    asked = load(
        tmp_path,
        "edge_triplets",
        {
            "data.edges.votes.value": "likeness",
            "data.edges.votes.weight": "trust",
            "data.split": {"unit": "entity", "train": 9, "eval": 2, "shared": ["item"]},
            "data.bad_rows": "skip",
            "relation.source.label": "scalar",
            "relation.source.positive_from": 0.5,
            "relation.seed": 7,
        },
    ).compiled
    assert asked.entities == {"user": "user", "item": "sku"}
    assert (asked.primary, asked.anchor, asked.candidate) == ("user", "user", "item")
    assert (asked.shared, asked.bad_rows, asked.seed) == (("item",), "skip", 7)
    assert asked.shares == {"train": 9, "eval": 2}
    edges = asked.edge_table
    assert edges is not None
    assert (edges.left.entity, edges.left.id) == ("user", "buyer")
    assert (edges.right.entity, edges.right.id) == ("item", "b")
    assert (edges.value, edges.weight, asked.weighted) == ("likeness", "trust", True)
    assert edges.positive_from == 0.5


def test_edges_may_name_the_second_type_first(tmp_path):
    ends = {"data.edges.votes.left": {"entity": "item", "id": "a"}, "data.edges.votes.right": {"entity": "user", "id": "buyer"}}  # fmt: skip
    loaded = load(tmp_path, "edge_triplets", ends)
    assert (loaded.compiled.anchor, loaded.compiled.candidate) == ("item", "user")
    assert [role.entity for role in loaded.tuples.roles] == ["item", "user", "user"]


def test_documents_are_primary_wherever_the_query_is_named(tmp_path):
    for name in ("ranked_query", "query_lists"):
        loaded = load(tmp_path, name)
        assert loaded.compiled.primary == "document"
        assert loaded.schema_path == loaded.schema_paths["document"]


@pytest.mark.parametrize(
    ("name", "changes", "own"),
    [
        ("label_pairs", {"relation.sampling.weight": "price"}, {**LABELLED, **DRAWN, "relation_weight": ("FLOAT", 1, 1, 1.0)}),
        ("ranked_pairs", {"relation.sampling.weight": "trust"}, {**LABELLED, "relation_weight": ("FLOAT", 1, 1, 1.0)}),
        ("edge_triplets", {"data.edges.votes.weight": "trust"}, {**NEGATIVE, "relation_weight": ("FLOAT", 1, 1, 1.0)}),
        ("edge_triplets", {"relation.sampling.known_positives": 9}, {**NEGATIVE, "positive_ids": ("BYTES", 0, 9, 0.0)}),
        ("tag_pairs", {"relation.sampling.known_positives": 2}, {**LABELLED, **DRAWN, "positive_ids": ("BYTES", 0, 2, 0.0)}),
        ("edge_ntuples", {"relation.sampling.negatives_per_tuple": 1}, NEGATIVE),
    ],
)  # fmt: skip
def test_options_that_add_features_to_tuples(tmp_path, name, changes, own):
    loaded = load(tmp_path, name, changes)
    members = tuple(f"{role.name}_" for role in loaded.tuples.roles)
    known = {"negative_prob", "positive_ids"}
    actual = _described(loaded.tuple_schema)
    assert {k: v for k, v in actual.items() if k in known or not k.startswith(members)} == own


def test_positives_and_negatives_of_an_n_tuple(tmp_path):
    sampling = {"positives_per_tuple": 2, "negatives_per_tuple": 1}
    tuples = load(tmp_path, "edge_ntuples", {"relation.sampling": sampling}).tuples
    assert [role.name for role in tuples.roles] == ["anchor", "positive_0", "positive_1", "negative_0"]  # fmt: skip
    assert tuples.negatives == ("negative_0",)


def test_lists_of_another_length(tmp_path):
    loaded = load(tmp_path, "query_lists", {"relation.sampling.length": 2})
    assert loaded.tuples == Relation(
        roles=(Role("document_0", "document"), Role("document_1", "document"), Role("query", "query")),
        label=loaded.tuples.label,
        comparisons=(Comparison("query", "document_0", None), Comparison("query", "document_1", None)),
        width=2,
        optional=True,
    )  # fmt: skip
    presence = {f.name: f.HasField("presence") for f in loaded.tuple_schema.feature}
    assert presence["relation"]
    assert not presence["document_1_id"]


def test_rows_of_one_role_compare_nothing(tmp_path):
    tuples = load(tmp_path, "rows", {"relation.roles": {"image": "picture"}}).tuples
    assert (tuples.roles, tuples.comparisons) == ((Role("image", "picture"),), ())


def test_members_keep_what_their_schema_says(tmp_path):
    schema = load(tmp_path, "edge_triplets").tuple_schema
    features = {feature.name: feature for feature in schema.feature}
    assert features["positive_tags"].domain == "tags"
    assert [(domain.name, list(domain.value)) for domain in schema.string_domain] == [("tags", ["red", "round", "new"])]  # fmt: skip
    assert features["negative_photo"].HasField("image_domain")
    assert features["negative_tags"].value_count.max == 3
    assert features["anchor_id"].type == features["anchor_user"].type == schema_pb2.BYTES
    assert features["positive_sku"].presence.min_fraction == features["positive_id"].presence.min_fraction == 1  # fmt: skip
    assert not any(feature.HasField("shape") for feature in schema.feature)


def test_labels_in_unit_range_have_a_domain(tmp_path):
    for name, bounded in (("label_pairs", True), ("tags", True), ("edge_scalars", False), ("edge_classes", False)):  # fmt: skip
        schema = load(tmp_path, name).tuple_schema
        (label,) = [feature for feature in schema.feature if feature.name == "relation"]
        assert label.HasField("float_domain") == bounded
        if bounded:
            assert (label.float_domain.min, label.float_domain.max) == (0, 1)


PATHS = {"train": "train-*", "eval": "eval-*"}
VALID: list[tuple[str, dict[str, Any]]] = [
    ("label_pairs", {"relation.sampling": {"positive_share": 0.25, "positives_per_anchor": 2}}),
    ("label_pairs", {"relation.sampling": {"positive_share": 1}}),
    ("label_pairs", {"relation.sampling": {"positives_per_anchor": 0, "negatives_per_anchor": 3}}),
    ("label_pairs", {"relation.sampling.balance": 100}),
    ("label_pairs", {"relation.sampling.caps": {"anchors_per_group": 5, "positives_per_group": 9, "positives_per_entity": 2}}),
    ("label_pairs", {"relation.sampling.negatives": {"draw": "groups"}}),
    ("label_pairs", {"relation.sampling.negatives": {"draw": "popularity", "feature": "views", "alpha": 1}}),
    ("label_pairs", {"relation.sampling.negatives": {"where": "within", "group": "shop"}}),
    ("label_pairs", {"relation.sampling.negatives": {"where": "outside", "group": "shop"}}),
    ("label_pairs", {"relation.source.feature": "tags"}),
    ("label_triplets", {"relation.sampling.triplets_per_anchor": 3}),
    ("edge_pairs", {"relation.sampling": {"positives_per_anchor": "all", "negatives_per_anchor": 0}}),
    ("edge_pairs", {"data.edges.votes.value": "likeness"}),
    ("edge_pairs", {"relation.source.symmetric": True}),
    ("edge_pairs", {"relation.source.repeated": "keep"}),
    ("edge_pairs", {"relation.sampling.negatives": {"draw": "groups", "group": "brand"}}),
    ("edge_pairs", {"relation.sampling.negatives": {"where": "within", "group": "brand"}}),
    ("edge_scalars", {"relation.sampling": {"negatives_per_anchor": 2, "negatives": {"draw": "popularity"}}}),
    ("edge_scalars", {"relation.source.positive_from": 3}),
    ("edge_triplets", {"relation.sampling.triplets_per_anchor": "all"}),
    ("edge_triplets", {"relation.source.repeated": "keep"}),
    ("edge_triplets", {"relation.sampling.negatives": {"draw": "popularity"}}),
    ("edge_triplets", {"relation.sampling.negatives": {"draw": "popularity", "feature": "views"}}),
    ("edge_triplets", {"relation.sampling.caps.positives_per_entity": 100}),
    ("tag_pairs", {"relation.sampling": {"positives_per_anchor": "all", "negatives_per_anchor": 2}}),
    ("tag_pairs", {"relation.sampling.negatives": {"draw": "popularity"}}),
    ("tag_pairs", {"data.split.shared": ["tag"]}),
    ("scored_pairs", {"relation.sampling": {"pairs_per_anchor": 9, "group": "shop"}}),
    ("ranked_pairs", {"relation.sampling.pairs_per_group": 5}),
    ("ranked_query", {"data.split": {"unit": "group", "feature": "query", "train": 9, "eval": 1}}),
    ("label_pairs", {"data.split": {"unit": "time", "feature": "views"}}),
    ("label_pairs", {"data.split": {"unit": "files"}, "data.entities.item.path": PATHS}),
    ("label_pairs", {"data.split": {"unit": "component"}, "data.edges": {"votes": VOTES}}),
    ("edge_pairs", {"data.split": {"unit": "component"}}),
    ("edge_triplets", {"data.split": {"unit": "files", "shared": ["item"]}, "data.entities.user.path": PATHS}),
    ("edge_triplets", {"data.split": {"unit": "time", "feature": "day", "shared": ["user", "item"]}}),
    ("edge_pairs", {"data.split": {"unit": "files"}, "data.entities.item.path": PATHS, "data.edges.votes.path": PATHS}),
    ("rows", {"data.split": {"unit": "files"}, "data.edges.sketches.path": PATHS}),
    ("rows", {"data.split": {"unit": "group", "feature": "source"}}),
    ("rows", {"data.edges.sketches": {"schema": "sketches.pbtxt", "generator": "some.sketches"}}),
    ("rows", {"data.entities.other": {"schema": "picture.pbtxt"}, "relation.roles.target": "other"}),
    ("label_pairs", {"data.entities.item": {"schema": "item.pbtxt", "id": "sku", "generator": "some.items"}}),
    ("label_pairs", {"data.entities": {"str": {**ITEM, "format": "csv"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes"), VALID)
def test_what_fits_is_taken(tmp_path, name, changes):
    loaded = load(tmp_path, name, changes)
    asked = loaded.compiled
    assert type(asked).model_validate_json(asked.model_dump_json()) == asked


def test_keys_and_labels_enter_no_tower(tmp_path):
    def features(name, entity, changes=None):
        return {feature.name for feature in load(tmp_path, name, changes).features_of(entity)}

    assert features("label_pairs", "item") == set(ITEMS) - {"sku", "brand"}
    assert features("sure_tags", "item") == set(ITEMS) - {"sku", "tags", "sure"}
    assert features("ranked_query", "document") == {"text", "trust"}
    assert features("ranked_query", "document", {"relation.sampling.weight": "trust"}) == {"text"}
    assert features("ranked_query", "query") == {"words"}
    assert features("edge_triplets", "user") == {"shop", "age"}
    within = {"relation.sampling.negatives": {"where": "within", "group": "shop"}}
    assert features("label_pairs", "item", within) == set(ITEMS) - {"sku", "brand", "shop"}
    grouped = {"relation.sampling.group": "shop"}
    assert features("scored_pairs", "item", grouped) == set(ITEMS) - {"sku", "shop"}
    timed = {"data.split": {"unit": "time", "feature": "views"}}
    assert features("scored_pairs", "item", timed) == set(ITEMS) - {"sku", "views"}


def test_an_id_may_come_with_the_row_or_be_left_out(tmp_path):
    names = {feature.name for feature in load(tmp_path, "rows").tuple_schema.feature}
    assert {"image_id", "target_id"} <= names


@pytest.mark.parametrize(
    ("name", "sampling", "alike"),
    [
        ("label_pairs", {}, None),
        ("label_pairs", {"negatives_per_anchor": 0}, True),
        ("label_pairs", {"positive_share": 1.0}, True),
        ("label_pairs", {"positive_share": 0.5}, None),
        ("label_pairs", {"positives_per_anchor": 0, "negatives_per_anchor": 1}, False),
        ("tag_pairs", {"negatives_per_anchor": 0}, True),
        ("edge_pairs", {"negatives_per_anchor": 0}, True),
        ("edge_scalars", {"negatives_per_anchor": 0}, None),
    ],
)
def test_what_sampling_decides_of_all_pairs(tmp_path, name, sampling, alike):
    changes = {f"relation.sampling.{key}": value for key, value in sampling.items()}
    relation = load(tmp_path, name, changes).tuples
    assert relation.alike is alike
    assert relation.says_related is (alike is None and relation.label.value == "binary")


def test_values_of_edges_say_of_each_pair_whether_it_is_related():
    ends = {side: {"entity": "item", "id": side} for side in ("left", "right")}
    relation = {
        "type": "pairs",
        "source": {"type": "edges", "edges": "e"},
        "sampling": {"negatives_per_anchor": 0},
    }
    valued = compiled({"item": "id"}, relation, edges={"e": {**ends, "value": "v"}})
    assert valued.tuples.alike is None
    assert compiled({"item": "id"}, relation, edges={"e": ends}).tuples.alike is True
