"""What RelationGen is asked for travels as JSON: nothing of it is lost, whatever the recipe."""

from pathlib import Path
from typing import Any

import yaml
from google.protobuf import text_format
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.compiled import CompiledRelation
from relation.compiler import check_and_compile
from relation.core.errors import Faults, RecipeError
from relation.load import parse_recipe
from relation.recipe import Recipe
from tests.relation.systems import SCHEMAS, SYSTEMS, system

_SCHEMAS = {name: text_format.Parse(text, schema_pb2.Schema()) for name, text in SCHEMAS.items()}
_COUNT = st.integers(1, 1000)
_SHARE = st.floats(0, 1, exclude_min=True)
_ALPHA = st.floats(0, 2)


def _some(**options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=options)


_NEGATIVES = st.one_of(
    st.just({}),
    st.just({"draw": "groups"}),
    st.just({"draw": "groups", "group": "shop"}),
    st.just({"where": "outside", "group": "shop"}),
    st.builds(lambda alpha: {"draw": "popularity", "alpha": alpha}, _ALPHA),
    st.builds(lambda alpha: {"draw": "popularity", "feature": "views", "alpha": alpha}, _ALPHA),
)
_CAPS = _some(
    anchors_per_group=_COUNT, positives_per_group=_COUNT, positives_per_entity=_COUNT
)  # fmt: skip
_ANY = {"negatives": _NEGATIVES, "caps": _CAPS, "balance": _COUNT, "weight": st.just("price"), "known_positives": _COUNT}  # fmt: skip
_SAMPLING = {
    "pairs": st.one_of(
        _some(**_ANY, positives_per_anchor=st.one_of(st.just("all"), _COUNT), negatives_per_anchor=_COUNT),
        _some(**_ANY, positive_share=_SHARE),
    ),
    "triplets": _some(**_ANY, triplets_per_anchor=st.one_of(st.just("all"), _COUNT)),
    "ntuples": _some(**_ANY, positives_per_tuple=st.integers(1, 9), negatives_per_tuple=st.integers(1, 9)),
    "ranked_pairs": _some(pairs_per_group=_COUNT, weight=st.just("trust")),
    "lists": _some(length=st.integers(1, 20)),
    "scored_pairs": _some(pairs_per_anchor=_COUNT, group=st.just("shop")),
}  # fmt: skip


@st.composite
def _recipes(draw: st.DrawFn) -> Recipe | None:
    """One of the systems with some sampling; None: the options do not go together."""
    raw = system(draw(st.sampled_from(SYSTEMS)))
    relation = raw["relation"]
    relation["seed"] = draw(st.integers(0, 2**63 - 1))
    raw["data"]["bad_rows"] = draw(st.sampled_from(("fail", "skip")))
    if relation["type"] in _SAMPLING:
        relation["sampling"] = draw(_SAMPLING[relation["type"]])
    try:
        return parse_recipe(yaml.safe_dump(raw), "r.yaml")
    except RecipeError:
        return None


def _asked(recipe: Recipe) -> CompiledRelation | None:
    tables = {**recipe.data.entities, **recipe.data.edges}
    read = {name: _SCHEMAS[table.schema_path.split(".")[0]] for name, table in tables.items()}
    return check_and_compile(recipe, read, dict.fromkeys(read, Path("s.pbtxt")), Faults())


@settings(max_examples=300, deadline=None)
@given(_recipes())
def test_every_request_survives_json(recipe):
    event("parsed" if recipe else "not parsed")
    if recipe is None:
        return
    assert Recipe.model_validate_json(recipe.model_dump_json(by_alias=True)) == recipe
    asked = _asked(recipe)
    event("fits" if asked else "does not fit")
    if asked is None:
        return
    text = asked.model_dump_json()
    again = CompiledRelation.model_validate_json(text)
    assert again == asked
    assert again.model_dump_json() == text
    assert (again.tables, again.weighted) == (asked.tables, asked.weighted)


def test_every_system_is_a_request():
    for name in SYSTEMS:
        assert _asked(parse_recipe(yaml.safe_dump(system(name)), "r.yaml")) is not None
