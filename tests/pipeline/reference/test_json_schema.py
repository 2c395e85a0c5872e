import json
from typing import Any

import pytest
import yaml

from pipeline.reference.json_schema import recipe_schema
from relation.load import PROJECT, RECIPES
from tests.pipeline.reference.validator import faults

SHIPPED = sorted([*RECIPES.glob("*.yaml"), *(PROJECT / "bench" / "recipes").glob("*.yaml")])


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(json.dumps(recipe_schema()))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_recipe_is_valid(schema: dict[str, Any], path) -> None:
    assert not faults(yaml.safe_load(path.read_text()), schema, schema)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"modell": {}}, ".modell: unknown key"),
        ({"name": "Shoes"}, ".name: 'Shoes' breaks pattern"),
        ({"training": {"epochs": 0}}, ".training.epochs: 0 breaks minimum 1"),
        (
            {"training": {"optimizer": "sgd"}},
            ".training.optimizer: 'sgd' is none of ['adam', 'adamw']",
        ),
        ({"data": {"entities": {}}}, ".data.entities: {} breaks minProperties 1"),
        (
            {"data": {"entities": {"Item": {"schema": "s.pbtxt"}}}},
            ".data.entities.Item: unknown key",
        ),
        ({"relation": {"type": "pairs", "source": {"type": "graded_group"}}}, ".relation: "),
        ({"model": {"tower": {"type": "cnn"}}}, ".model"),
    ],
)
def test_what_a_recipe_refuses_is_invalid(schema: dict[str, Any], change: dict, place: str) -> None:
    recipe = yaml.safe_load((RECIPES / "digits_triplets.yaml").read_text())
    actual = faults({**recipe, **change}, schema, schema)
    assert any(fault.startswith(place) for fault in actual), actual


def test_parameters_of_components_complete_by_type(schema: dict[str, Any]) -> None:
    triplet = schema["$defs"]["loss.triplet"]
    assert triplet["properties"]["type"] == {"const": "triplet"}
    assert triplet["properties"]["margin"]["default"] == 1.0
    assert triplet["properties"]["margin"]["exclusiveMinimum"] == 0
    assert triplet["required"] == ["type"]
    assert not triplet["additionalProperties"]
    assert schema["$defs"]["tower.cnn"]["required"] == ["type", "height", "width"]
    assert schema["$defs"]["Model"]["properties"]["loss"]["$ref"] == "#/$defs/loss"
    assert {"$ref": "#/$defs/mining.batch_hard"} in schema["$defs"]["mining"]["oneOf"]


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_editors_complete_every_shipped_recipe(path) -> None:
    """A YAML language server reads the schema's path from the first line."""
    name = path.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / name).resolve() == PROJECT / "docs" / "reference" / "recipe.schema.json"
    assert (path.parent / name).is_file()
