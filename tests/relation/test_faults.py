"""Faults are told with the keys of the file, one line each."""

import re
from typing import Any, get_args

import pytest
import yaml
from pydantic import ValidationError

from relation.core import validation_errors
from relation.core.errors import RecipeError
from relation.load import load_recipe, parse_recipe
from relation.relation_types import RelationConfig
from relation.sources.base import SOURCES
from relation.spec import Frozen
from tests.relation.systems import ABSENT, ITEM, VOTES, system

MODEL = {"tower": {"type": "dense"}, "head": {"type": "dot"}, "loss": {"type": "triplet"}}
KINDS = "'pairs', 'triplets', 'ntuples', 'ranked_pairs', 'lists', 'scored_pairs', 'tags', 'rows'"


def _told(name: str, changes: dict[str, Any]) -> list[str]:
    with pytest.raises(RecipeError) as error:
        parse_recipe(yaml.safe_dump(system(name, changes)), "r.yaml")
    lines = str(error.value).splitlines()
    assert all(re.match(r"r\.yaml:(\d+:)? ", line) for line in lines)
    return [re.sub(r"^r\.yaml:(\d+:)? |; expected one of .*", "", line) for line in lines]


@pytest.mark.parametrize(
    ("name", "changes", "lines"),
    [
        # A union of types that a key `type` tells apart.
        ("label_pairs", {"relation.type": ABSENT}, ["relation.type: missing; it is required"]),
        ("label_pairs", {"relation.type": "trios"}, [f"relation.type: got 'trios'; input should be one of {KINDS}"]),
        ("label_pairs", {"relation": 3}, ["relation: got 3; input should be a mapping"]),
        ("label_pairs", {"relation": None}, ["relation: got None; input should be a mapping"]),
        ("label_pairs", {"relation.source": "label"}, ["relation.source: got 'label'; input should be a mapping"]),
        ("label_pairs", {"relation.source.type": ABSENT}, ["relation.source.type: missing; it is required"]),
        ("edge_pairs", {"relation.source.edges": ABSENT}, ["relation.source.edges: missing; it is required"]),
        ("edge_pairs", {"relation.source.edges": 3}, ["relation.source.edges: got 3; input should be a valid string"]),
        ("edge_pairs", {"relation.source.speed": 3}, ["relation.source.speed: unknown key (value 3)"]),
        ("tags", {"relation.source.labels": "a"}, ["relation.source.labels: unknown key (value 'a')"]),
        ("rows", {"relation.source.row": 1}, ["relation.source.row: unknown key (value 1)"]),
        ("label_pairs", {"relation.pairs": 1}, ["relation.pairs: unknown key (value 1)"]),
        # Of a source of the wrong type, nothing else is told.
        ("ranked_pairs", {"relation.source": {"type": "edges", "edges": "votes"}}, ["relation.source.type: got 'edges'; input should be 'graded_group'"]),
        # Nested options.
        (
            "label_pairs",
            {"relation.sampling.negatives": {"draw": "hard", "speed": 1}, "relation.sampling.caps.anchors_per_group": "few"},
            [
                "relation.sampling.caps.anchors_per_group: got 'few'; input should be a valid integer",
                "relation.sampling.negatives.draw: got 'hard'; input should be 'uniform', 'groups', 'popularity' or 'given'",
                "relation.sampling.negatives.speed: unknown key (value 1)",
            ],
        ),
        # A number or a word: one fault, whatever it could have been.
        ("label_pairs", {"relation.sampling.positives_per_anchor": 1.5}, ["relation.sampling.positives_per_anchor: got 1.5; input should be a valid integer or 'all'"]),
        ("label_pairs", {"relation.sampling.positives_per_anchor": 1001}, ["relation.sampling.positives_per_anchor: got 1001; input should be less than or equal to 1000 or 'all'"]),
        ("edge_triplets", {"relation.sampling.triplets_per_anchor": [1]}, ["relation.sampling.triplets_per_anchor: got (1,); input should be a valid integer or 'all'"]),
        # A glob, or one a split.
        ("label_pairs", {"data.entities.item.path": 3}, ["data.entities.item.path: got 3; input should be a valid string or a mapping"]),
        ("label_pairs", {"data.entities.item.path": {"train": 3, "eval": "e"}}, ["data.entities.item.path.train: got 3; input should be a valid string"]),
        ("label_pairs", {"data.entities.item.path": {"dev": "t"}}, ["data.entities.item.path.dev: got 'dev'; input should be 'train', 'eval' or 'test'"]),
        ("edge_pairs", {"data.edges.votes.path": ["a", "b"]}, ["data.edges.votes.path: got ('a', 'b'); input should be a valid string or a mapping"]),
        # Names that pydantic uses too are kept where they are keys.
        ("label_pairs", {"data.entities": {"str": {**ITEM, "path": 3}}}, ["data.entities.str.path: got 3; input should be a valid string or a mapping"]),
        ("edge_pairs", {"data.edges": {"int": {**VOTES, "left": 3}}}, ["data.edges.int.left: got 3; input should be a mapping"]),
        ("rows", {"relation.roles": {"str": 3}}, ["relation.roles.str: got 3; input should be a valid string"]),
        # Lists.
        ("label_pairs", {"data.split.shared": ["item", 3]}, ["data.split.shared.1: got 3; input should be a valid string"]),
        ("label_pairs", {"data.split.shared": "item"}, ["data.split.shared: got 'item'; input should be a list"]),
        ("label_pairs", {"data.entities": {}}, ["data.entities: got {}; mapping should have at least 1 item"]),
        # Features and parameters of a model.
        ("label_pairs", {"model": {**MODEL, "features": 3}}, ["model.features: got 3; input should be a list or a mapping"]),
        ("label_pairs", {"model": {**MODEL, "features": {"item": 3}}}, ["model.features.item: got 3; input should be a list"]),
        ("label_pairs", {"model": {**MODEL, "features": ["price", 3]}}, ["model.features.1: got 3; input should be a valid string"]),
        (
            "label_pairs",
            {"model": {**MODEL, "tower": {"type": "dense", "size": 3, "depth": {"a": 1}}}},
            ["model.tower.depth: got {'a': 1}; input should be a valid boolean or a valid integer or a valid number or a valid string or a list"],
        ),
        ("label_pairs", {"model": {**MODEL, "head": {}}}, ["model.head.type: missing; it is required"]),
        ("label_pairs", {"model": {**MODEL, "loss": "triplet"}}, ["model.loss: got 'triplet'; input should be a mapping"]),
    ],
)  # fmt: skip
def test_fields_are_the_keys_of_the_file(name, changes, lines):
    assert _told(name, changes) == lines


def test_several_faults_are_told_at_once_each_in_a_line():
    changes = {"relation.seed": "x", "data.speed": 3, "relation.source.feature": ABSENT}
    assert _told("label_pairs", changes) == [
        "data.speed: unknown key (value 3)",
        "relation.seed: got 'x'; input should be a valid integer",
        "relation.source.feature: missing; it is required",
    ]


def test_each_relation_type_takes_the_sources_that_serve_it():
    union, _ = get_args(RelationConfig)
    served = {}
    for relation_type in get_args(union):
        field = relation_type.model_fields["source"]
        served[get_args(relation_type.model_fields["type"].annotation)[0]] = [
            get_args(SOURCES[name].model_fields["type"].annotation)[0]
            for name in SOURCES
            if field.metadata[0].relation_type in SOURCES[name].relation_types
        ]
    related = ["same_label", "edges", "labels"]
    assert served == {
        "pairs": related,
        "triplets": related,
        "ntuples": related,
        "ranked_pairs": ["graded_group"],
        "lists": ["graded_group"],
        "scored_pairs": ["function"],
        "tags": ["labels"],
        "rows": ["row"],
    }


class _Dense(Frozen):
    depth: int
    width: tuple[int, ...]


def test_what_is_validated_alone_is_told_under_its_prefix():
    with pytest.raises(ValidationError) as error:
        _Dense.model_validate({"depth": 1.5, "width": (1, "x"), "speed": 3})
    assert validation_errors.describe(error.value, prefix="model.tower") == [
        "model.tower.depth: got 1.5; input should be a valid integer",
        "model.tower.width.1: got 'x'; input should be a valid integer",
        "model.tower.speed: unknown key (value 3); expected one of depth, width",
    ]


def test_what_was_received_is_cut_to_part_of_a_line():
    assert validation_errors.shown("a" * 200) == "'" + "a" * 78 + "…"
    (line,) = _told("label_pairs", {"relation.seed": "x" * 500})
    assert len(line) < 150


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nname: b\n", r"line 2: key 'name' appears twice$"),
        ("relation:\n  seed: 1\n  type: pairs\n  seed: 2\n", r"line 4: key 'seed' appears twice$"),
        ("on: 3\n", r"line 1: got 'on' as a key; expected a string \(in quotes\)$"),
        ("model: {tower: {type: cnn, 1: 2}}\n", r"line 1: got '1' as a key; expected a string"),
        ("? [a, b]\n: 1\n", r"line 1: got a list as a key; expected a string"),
    ],
)  # fmt: skip
def test_keys_that_yaml_would_take_without_a_word(text, message):
    with pytest.raises(RecipeError, match=rf"^r\.yaml: {message}"):
        parse_recipe(text, "r.yaml")


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "r.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(RecipeError, match=r"r\.yaml: not UTF-8 text: "):
        load_recipe(str(tmp_path / "r.yaml"))
