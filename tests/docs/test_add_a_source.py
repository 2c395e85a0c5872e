"""docs/how-to/add-a-source.md: its file is a plug-in, and RelationGen makes tuples by it."""

import pytest
import yaml

from components.relation_gen.cli import main
from pipeline.reference.json_schema import recipe_schema
from relation.core.errors import RecipeError
from relation.load import load_recipe
from relation.sources.base import SOURCES
from tests.docs.pages import blocks, write_rows
from tests.docs.plugins import loaded
from tests.pipeline.reference.validator import faults
from tests.relation_gen.helpers import tuples

PAGE = "how-to/add-a-source.md"


@pytest.fixture(scope="module", autouse=True)
def plugin(tmp_path_factory):
    yield from loaded(PAGE, "same_host", tmp_path_factory.mktemp("plugin"))
    SOURCES._registered.pop("same_host")


@pytest.fixture
def recipe(tmp_path):
    (schema,), (text,) = blocks(PAGE, "proto"), blocks(PAGE, "yaml")
    (tmp_path / "pages.pbtxt").write_text(schema)
    (tmp_path / "pages.yaml").write_text(text)
    return tmp_path / "pages.yaml"


def test_pages_of_one_host_are_related(recipe, tmp_path):
    (table,), (schema,) = blocks(PAGE, "csv"), blocks(PAGE, "proto")
    write_rows(tmp_path / "Split-train" / "pages", table, schema)
    output = tmp_path / "out"
    flags = ["--input", f"{tmp_path}/Split-*/*", "--output", str(output)]
    assert main(["--recipe", str(recipe), *flags]) == 0
    found = {
        tuple(one[f"{role}_address"].decode()[8:] for role in ("anchor", "positive", "negative"))
        for one in tuples(output, "train")
    }
    assert {one[:2] for one in found} == {
        ("a.example/1", "a.example/2"),
        ("a.example/2", "a.example/1"),
        ("b.example/1", "b.example/2"),
        ("b.example/2", "b.example/1"),
    }
    assert all(anchor[0] != negative[0] for anchor, _, negative in found)


def test_its_keys_are_checked(recipe):
    recipe.write_text(recipe.read_text().replace("feature: address", "feature: url"))
    with pytest.raises(RecipeError, match=r"relation\.source\.feature: got 'url'; expected a feat"):
        load_recipe(str(recipe))


def test_what_it_reads_enters_no_tower(recipe):
    assert [feature.name for feature in load_recipe(str(recipe)).features] == ["words"]


def test_the_json_schema_knows_it(recipe):
    schema, written = recipe_schema(), yaml.safe_load(recipe.read_text())
    assert not faults(written, schema, schema)
    written["relation"]["source"]["feture"] = "address"
    assert faults(written, schema, schema)
