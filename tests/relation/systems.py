"""One small recipe for each kind of tuple and source, and the schemas that they name."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from relation.load import LoadedRecipe, load_recipe

SCHEMAS = {
    "item": """
        feature { name: "sku" type: BYTES value_count { min: 1 max: 1 } presence { min_fraction: 1 } }
        feature { name: "brand" type: BYTES }
        feature { name: "shop" type: BYTES }
        feature { name: "tags" type: BYTES value_count { max: 3 } domain: "tags" }
        feature { name: "sure" type: FLOAT value_count { max: 3 } }
        feature { name: "price" type: FLOAT }
        feature { name: "views" type: INT }
        feature { name: "year" type: INT int_domain { min: 2000 max: 2003 is_categorical: true } }
        feature { name: "vector" type: FLOAT shape { dim { size: 4 } } }
        feature { name: "photo" type: BYTES image_domain {} }
        string_domain { name: "tags" value: "red" value: "round" value: "new" }
    """,
    "user": """
        feature { name: "user" type: BYTES }
        feature { name: "shop" type: BYTES }
        feature { name: "age" type: INT }
    """,
    "tag": 'feature { name: "tag" type: BYTES }',
    "document": """
        feature { name: "id" type: BYTES }
        feature { name: "query" type: BYTES }
        feature { name: "grade" type: INT }
        feature { name: "text" type: BYTES natural_language_domain {} }
        feature { name: "trust" type: FLOAT }
    """,
    "query": """
        feature { name: "query" type: BYTES }
        feature { name: "words" type: BYTES natural_language_domain {} }
    """,
    "picture": """
        feature { name: "id" type: BYTES }
        feature { name: "image" type: BYTES image_domain {} }
    """,
    "votes": """
        feature { name: "a" type: BYTES }
        feature { name: "b" type: BYTES }
        feature { name: "buyer" type: BYTES }
        feature { name: "likeness" type: FLOAT }
        feature { name: "aspects" type: FLOAT value_count { min: 3 max: 3 } }
        feature { name: "link" type: BYTES string_domain { value: "part" value: "twin" } }
        feature { name: "trust" type: FLOAT }
        feature { name: "day" type: INT }
    """,
    "sketches": """
        feature { name: "image_image" type: BYTES image_domain {} }
        feature { name: "target_image" type: BYTES image_domain {} }
        feature { name: "target_id" type: BYTES }
        feature { name: "verdict" type: INT int_domain { min: 0 max: 1 } }
        feature { name: "marks" type: FLOAT value_count { min: 2 max: 2 } }
        feature { name: "source" type: BYTES string_domain { value: "hand" value: "machine" } }
    """,
}

ITEM = {"schema": "item.pbtxt", "id": "sku", "path": "items-*"}
USER = {"schema": "user.pbtxt", "id": "user", "path": "users-*"}
TAG = {"schema": "tag.pbtxt", "id": "tag"}
DOCUMENT = {"schema": "document.pbtxt", "path": "documents-*"}
QUERY = {"schema": "query.pbtxt", "id": "query", "path": "queries-*"}
PICTURE = {"schema": "picture.pbtxt"}
END_A, END_B = {"entity": "item", "id": "a"}, {"entity": "item", "id": "b"}
VOTES = {"schema": "votes.pbtxt", "path": "votes-*", "left": END_A, "right": END_B}
BUYS = {**VOTES, "left": {"entity": "user", "id": "buyer"}}
SKETCHES = {"schema": "sketches.pbtxt", "path": "sketches-*"}


def _labels(kind: str) -> dict[str, Any]:
    return {
        "data": {"entities": {"item": ITEM}},
        "relation": {"type": kind, "source": {"type": "same_label", "feature": "brand"}},
    }


def _edges(kind: str, edges: Mapping[str, Any], **source: Any) -> dict[str, Any]:
    entities = {"item": ITEM} if edges["left"]["entity"] == "item" else {"user": USER, "item": ITEM}
    return {
        "data": {"entities": entities, "edges": {"votes": edges}},
        "relation": {"type": kind, "source": {"type": "edges", "edges": "votes", **source}},
    }


def _tagged(kind: str, entities: Mapping[str, Any], **source: Any) -> dict[str, Any]:
    return {
        "data": {"entities": entities},
        "relation": {"type": kind, "source": {"type": "labels", "feature": "tags", **source}},
    }


def _graded(kind: str, entities: Mapping[str, Any], **source: Any) -> dict[str, Any]:
    graded = {"type": "graded_group", "group": "query", "grade": "grade", **source}
    return {"data": {"entities": entities}, "relation": {"type": kind, "source": graded}}


def _rows(**relation: Any) -> dict[str, Any]:
    roles = {"image": "picture", "target": "picture"}
    return {
        "data": {"entities": {"picture": PICTURE}, "edges": {"sketches": SKETCHES}},
        "relation": {
            "type": "rows",
            "source": {"type": "row", "rows": "sketches"},
            "roles": roles,
            **relation,
        },
    }


def _scored(**source: Any) -> dict[str, Any]:
    return {
        "data": {"entities": {"item": ITEM}},
        "relation": {
            "type": "scored_pairs",
            "source": {"type": "function", "function": "some.likeness", **source},
        },
    }


_SYSTEMS = {
    "label_pairs": _labels("pairs"),
    "label_triplets": _labels("triplets"),
    "label_ntuples": _labels("ntuples"),
    "edge_pairs": _edges("pairs", VOTES),
    "edge_scalars": _edges("pairs", {**VOTES, "value": "likeness"}, label="scalar"),
    "edge_vectors": _edges("pairs", {**VOTES, "value": "aspects"}, label="vector"),
    "edge_classes": _edges("pairs", {**VOTES, "value": "link"}, label="class"),
    "edge_triplets": _edges("triplets", BUYS),
    "edge_ntuples": _edges("ntuples", BUYS),
    "tag_pairs": _tagged("pairs", {"item": ITEM, "tag": TAG}),
    "tag_triplets": _tagged("triplets", {"item": ITEM, "tag": TAG}),
    "tag_ntuples": _tagged("ntuples", {"item": ITEM, "tag": TAG}),
    "tags": _tagged("tags", {"item": ITEM}),
    "sure_tags": _tagged("tags", {"item": ITEM}, confidence="sure"),
    "ranked_pairs": _graded("ranked_pairs", {"document": DOCUMENT}),
    "ranked_query": _graded("ranked_pairs", {"query": QUERY, "document": DOCUMENT}, query="query"),
    "lists": _graded("lists", {"document": DOCUMENT}),
    "query_lists": _graded("lists", {"document": DOCUMENT, "query": QUERY}, query="query"),
    "scored_pairs": _scored(),
    "scored_vectors": _scored(width=5),
    "rows": _rows(),
    "verdicts": _rows(label="verdict"),
    "marks": _rows(label="marks", label_kind="vector"),
    "origins": _rows(label="source", label_kind="class"),
}
SYSTEMS = tuple(_SYSTEMS)
ABSENT = object()
"""A value that removes its key."""


def system(name: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A recipe, with values at dotted paths replaced, added or (`ABSENT`) removed."""
    recipe = {"name": name, **copy.deepcopy(_SYSTEMS[name])}
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        place = recipe
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is ABSENT:
            del place[last]
        else:
            place[last] = copy.deepcopy(value)
    return recipe


def write(folder: Path, recipe: Mapping[str, Any], **schemas: str) -> str:
    """Writes a recipe beside its schemas, of which some may be replaced."""
    for name, text in {**SCHEMAS, **schemas}.items():
        (folder / f"{name}.pbtxt").write_text(text)
    path = folder / "recipe.yaml"
    path.write_text(yaml.dump(recipe, Dumper=_Plain, sort_keys=False))
    return str(path)


def load(folder: Path, name: str, changes: Mapping[str, Any] | None = None) -> LoadedRecipe:
    """Loads one of the systems, changed."""
    return load_recipe(write(folder, system(name, changes)))


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True
