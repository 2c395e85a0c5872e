"""Nobody asks which source or relation type a recipe has: fields of the compiled relation say it."""

import ast
import re
from typing import get_args

from relation import sampling
from relation.relation_types import RelationConfig, RelationType
from relation.sources.base import SOURCES, Source
from relation.spec import Frozen
from tests.house.source_tree import modules, syntax

UNION, _ = get_args(RelationConfig)
SOURCE_TYPES = (Source, *(SOURCES[name] for name in SOURCES))
RELATION_TYPES = (RelationType, *get_args(UNION))
SAMPLINGS = tuple(
    cls for cls in vars(sampling).values() if isinstance(cls, type) and issubclass(cls, Frozen)
)
KINDS = {cls.__name__ for cls in (*SOURCE_TYPES, *RELATION_TYPES, *SAMPLINGS)} - {"Frozen"}
FIELDS = {
    field
    for cls in (*SOURCE_TYPES, *RELATION_TYPES, *SAMPLINGS)
    for field in (*cls.model_fields, *(n for n in vars(cls) if isinstance(vars(cls)[n], property)))
}
TREES = {name: syntax(path) for name, path in modules().items()}


def calls(function: str) -> list[tuple[str, ast.Call]]:
    """The calls of a builtin, each with the module that it is in."""
    return [
        (name, node)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == function
    ]


def names(node: ast.AST) -> set[str]:
    """The names and attributes in an expression."""
    return {
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute)
    }


def test_what_is_counted_is_there():
    assert {"EdgeSource", "SameLabel", "Pairs", "InlineTuples", "PairSampling", "Source"} <= KINDS
    assert {"feature", "sampling", "weight", "group", "edges"} <= FIELDS
    assert len(calls("isinstance")) > 50


def test_types_of_sources_and_relations_are_tested_in_one_place():
    """Where a recipe is parsed."""
    tests = [name for name, call in calls("isinstance") if names(call.args[1]) & KINDS]
    assert tests == ["relation.sources.base"]


def test_no_field_of_theirs_is_asked_for_by_name():
    duck_tests = [
        (name, ast.unparse(call))
        for name, call in [*calls("getattr"), *calls("hasattr")]
        if isinstance(call.args[1], ast.Constant) and call.args[1].value in FIELDS
    ]
    assert duck_tests == []


def test_a_source_is_named_in_its_file_and_its_line():
    for cls in SOURCE_TYPES[1:]:
        actual = {
            name
            for name, path in modules().items()
            if re.search(rf"\b{cls.__name__}\b", path.read_text()) and name.startswith("relation.")
        }
        assert {cls.__module__, "relation.sources.base"} <= actual
    named = [name for name, path in modules().items() if "EdgeSource" in path.read_text()]
    assert named == ["relation.sources.base", "relation.sources.edges"]


def constants(value: str) -> list[str]:
    """The modules with a string, once for each time."""
    return [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == value
    ]


def test_what_several_say_is_said_once():
    assert constants("documents_cut") == ["relation.names"]
    # From which value on an edge is a positive:
    compared = [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and any(isinstance(op, ast.GtE) for op in node.ops)
        and "positive_from" in names(node)
    ]
    assert compared == ["relation.compiled"]
    # Whether a relation says "related":
    said = [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name.endswith("says_related")
        and "BINARY" in names(node)
    ]
    assert said == ["relation.spec"]


def test_entity_types_become_inputs_in_one_place():
    """Of a component: `examples` and `other_examples`."""
    zipped = [
        name
        for name, call in calls("zip")
        if names(call) & {"EXAMPLES", "OTHER_EXAMPLES"} or "other_" in ast.unparse(call)
    ]
    assert zipped == ["relation.names"]
