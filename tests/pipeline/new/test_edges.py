"""What is proposed for edges: endpoints, relation, model and doubts, by hand."""

import dataclasses

import pytest

from pipeline.new.entities import entities
from pipeline.new.proposals import Question, propose
from pipeline.new.relations.edges import endpoints
from relation.core.errors import DataError
from tests.pipeline.new.tables import spread, table

N = 120
NUMBERS = [float(7 * n % 121) for n in range(N)]


def ids(prefix, count=N):
    return [f"{prefix}{n}".encode() for n in range(count)]


def value(tree):
    """A tree of choices as plain values."""
    if hasattr(tree, "value"):
        return value(tree.value)
    return {key: value(one) for key, one in tree.items()} if isinstance(tree, dict) else tree


def users_and_items(**more):
    users = table("users.csv", id=ids("u"), age=NUMBERS)
    items = table("items.csv", id=ids("i"), price=NUMBERS)
    links = table("links.csv", who=ids("u"), what=list(reversed(ids("i"))), **more)
    return {"user": users, "item": items}, links


def test_edges_of_two_types_have_a_tower_each():
    tables, links = users_and_items(stars=NUMBERS)
    proposal = propose(Question("trial", tables, links, None))
    recipe = {key: value(one) for key, one in proposal.recipe.items()}
    assert recipe["relation"] == {
        "type": "triplets",
        "source": {"type": "edges", "edges": "links"},
        "sampling": {"triplets_per_anchor": "all"},
        "seed": 1,
    }
    dense = {"type": "dense", "dense": [64], "embedding": 32, "dropout": 0.1}
    assert recipe["model"]["towers"] == {"user": dense, "item": dense}
    assert recipe["model"]["head"] == {"type": "dot"}
    assert recipe["model"]["loss"] == {"type": "in_batch_softmax", "temperature": 0.1}
    assert recipe["data"]["split"]["unit"] == "entity"
    assert recipe["data"]["split"]["shared"] == ["item"]
    edges = recipe["data"]["edges"]["links"]
    assert edges["left"] == {"entity": "user", "id": "who"}
    assert edges["right"] == {"entity": "item", "id": "what"}
    assert edges["path"] == "links.csv"
    assert set(recipe["evaluation"]["gates"]) == {"auc"}
    assert recipe["description"] == "Which rows are connected, by the edges of links."
    assert proposal.doubts[0] == (
        "every edge is taken for a positive, whatever its 'stars': LABEL=… learns such a value "
        "instead"
    )
    plan = proposal.schemas["trial_links.pbtxt"]
    assert plan.required == ("who", "what")
    assert plan.left_out == {"stars": "it is neither an id nor the label"}
    assert [one.name for one in plan.profiles] == ["who", "what"]
    assert set(proposal.schemas) == {"trial.pbtxt", "trial_item.pbtxt", "trial_links.pbtxt"}


def test_the_value_of_an_edge_is_learnt_where_it_is_named():
    tables, links = users_and_items(stars=NUMBERS)
    proposal = propose(Question("trial", tables, links, "stars"))
    recipe = {key: value(one) for key, one in proposal.recipe.items()}
    assert recipe["relation"] == {
        "type": "pairs",
        "source": {"type": "edges", "edges": "links", "label": "scalar"},
        "sampling": {"positives_per_anchor": "all", "negatives_per_anchor": 0},
        "seed": 1,
    }
    assert recipe["data"]["edges"]["links"]["value"] == "stars"
    assert set(recipe["model"]["towers"]) == {"user", "item"}
    assert recipe["description"] == "stars, by the edges of links."
    assert proposal.schemas["trial_links.pbtxt"].required == ("who", "what", "stars")
    assert not [doubt for doubt in proposal.doubts if doubt.startswith("every edge")]


def test_edges_of_one_type_have_one_tower_and_distances():
    item = table("items.csv", id=ids("i"), price=NUMBERS)
    pairs = [(n, n + 1) for n in range(0, N, 2)]
    links = table(
        "links.csv",
        a=[f"i{one}".encode() for one, _ in pairs],
        b=[f"i{other}".encode() for _, other in pairs],
    )
    proposal = propose(Question("trial", {"item": item}, links, None))
    recipe = {key: value(one) for key, one in proposal.recipe.items()}
    assert recipe["model"]["tower"]["type"] == "dense"
    assert recipe["model"]["head"] == {"type": "squared_distance"}
    assert recipe["model"]["loss"] == {"type": "triplet", "margin": 1.0}
    assert recipe["data"]["split"]["unit"] == "component"
    assert proposal.doubts == (
        "'a' and 'b' share no id: are they of two lists? Then give both files, DATA=first,second",
    )


def test_edges_that_connect_most_rows_are_split_by_a_hash():
    item = table("items.csv", id=ids("i"), price=NUMBERS)
    links = table("links.csv", a=ids("i")[:-1], b=ids("i")[1:])
    proposal = propose(Question("trial", {"item": item}, links, None))
    split = value(proposal.recipe["data"]["split"])
    assert (split["unit"], split["shared"]) == ("entity", ["item"])
    assert proposal.doubts[-1] == (
        "100% of the edges are connected, so entities are in both splits: the figures are those of "
        "new edges between entities that were seen, not of new entities"
    )


def test_ids_that_name_nothing_are_counted():
    tables, links = users_and_items()
    strange = [b"x1", b"x2", *ids("u")[2:]]
    links = table("links.csv", who=strange, what=ids("i"))
    doubts = propose(Question("trial", tables, links, None)).doubts
    assert (
        "2 of 120 ids of 'who' name nothing in user: their edges are dropped and counted" in doubts
    )
    part = {**tables, "user": dataclasses.replace(tables["user"], whole=False)}
    assert not [
        doubt
        for doubt in propose(Question("trial", part, links, None)).doubts
        if "nothing" in doubt
    ]


def sides(tables):
    return {name: entities(one) for name, one in tables.items()}


def test_a_column_names_entities_from_one_half_of_its_values_on():
    tables, _ = users_and_items()
    half = [*ids("u")[:60], *ids("x")[:60]]
    links = table("links.csv", what=ids("i"), who=half)
    left, right = endpoints(sides(tables), links)
    assert (left.column, left.entity, left.table) == ("who", "user", 0)
    assert (right.column, right.entity, right.table) == ("what", "item", 1)
    links = table("links.csv", what=ids("i"), who=[*half[:59], *ids("x")[:61]])
    with pytest.raises(DataError) as error:
        endpoints(sides(tables), links)
    assert str(error.value) == (
        "EDGES: links.csv: expected two columns with ids of user and of item; those that hold such "
        "ids: 'what'. Ids are 'id' of user, 'id' of item"
    )


def test_the_label_is_no_endpoint():
    item = {"item": table("items.csv", id=ids("i"), price=NUMBERS)}
    links = table("links.csv", a=ids("i"), b=ids("i"), c=spread(N, b"i1", b"i2"))
    assert [end.column for end in endpoints(sides(item), links, "a")] == ["b", "c"]
    assert [end.column for end in endpoints(sides(item), links)] == ["a", "b"]


def test_a_table_without_features_is_refused():
    tables, links = users_and_items()
    bare = {**tables, "item": table("items.csv", id=ids("i"))}
    with pytest.raises(DataError, match=r"^DATA: a table has no column beside its id that says"):
        propose(Question("trial", bare, links, None))
