"""What the CorpusEvaluator is asked, by recipe."""

import pytest
import yaml

from pipeline.stages.corpus import corpus_request
from relation.load import RECIPES, load_recipe


@pytest.mark.parametrize(
    ("head", "loss", "gate", "orders_only"),
    [
        ({"type": "cosine"}, {"type": "cosent"}, "spearman", True),
        ({"type": "concat_mlp", "output": "number"}, {"type": "mse"}, "mae", False),
    ],
)
def test_numbers_are_held_against_their_order_where_the_loss_learns_no_more(
    head, loss, gate, orders_only, tmp_path
):
    recipe = yaml.safe_load((RECIPES / "similarity_regression.yaml").read_text())
    recipe["data"]["entities"]["wine"]["schema"] = str(RECIPES.parents[1] / "schemas/wine.pbtxt")
    recipe["model"] |= {"head": head, "loss": loss}
    recipe["evaluation"] = {"gates": {gate: {"max": 1}}}
    path = tmp_path / "similarity_regression.yaml"
    path.write_text(yaml.safe_dump(recipe))
    assert corpus_request(load_recipe(str(path))).orders_only is orders_only
