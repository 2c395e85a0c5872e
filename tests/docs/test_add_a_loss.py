"""docs/how-to/add-a-loss.md: its file is a plug-in that works."""

import pytest
import yaml

from pipeline.reference.json_schema import recipe_schema
from relation.core.errors import RecipeError
from relation.load import load_recipe
from relation.recipe import ComponentConfig, Model
from tests.docs.pages import blocks
from tests.docs.plugins import loaded
from tests.pipeline.reference.validator import faults
from trainer_module.registry import LOSSES
from trainer_module.validate import check_model

PAGE = "how-to/add-a-loss.md"


@pytest.fixture(scope="module", autouse=True)
def plugin(tmp_path_factory):
    yield from loaded(PAGE, "huber", tmp_path_factory.mktemp("plugin"))
    LOSSES._registered.pop("huber")


@pytest.fixture
def model() -> dict:
    (recipe,) = blocks(PAGE, "yaml")
    return yaml.safe_load(recipe)["model"]


def test_errors_up_to_delta_are_squared_and_larger_ones_are_linear():
    loss = LOSSES.resolve(ComponentConfig(type="huber", params=(("delta", 0.5),)))
    values = loss([[0.0], [1.0], [0.0]], [[0.2], [1.0], [-2.0]])
    assert values.numpy().tolist() == pytest.approx([0.02, 0.0, 0.5 * (2.0 - 0.25)])


def test_the_recipe_of_the_page_is_checked_and_fits(model):
    recipe = load_recipe("similarity_regression")
    features = {"wine": recipe.features}
    check_model(Model.model_validate(model), recipe.tuples, features)
    wrong = {**model, "loss": {"type": "huber", "delta": -1}}
    with pytest.raises(RecipeError, match=r"model.loss.delta: got -1; input should be greater"):
        check_model(Model.model_validate(wrong), recipe.tuples, features)


def test_the_json_schema_knows_it(model):
    schema = recipe_schema()
    delta = schema["$defs"]["loss.huber"]["properties"]["delta"]
    assert delta["description"] == "δ: the error from which the loss grows linearly."
    assert not faults(model, schema["$defs"]["Model"], schema)
    assert faults({**model, "loss": {"type": "hubert"}}, schema["$defs"]["Model"], schema)
