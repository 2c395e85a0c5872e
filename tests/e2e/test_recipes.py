"""The shipped recipes pass their gates and push; without a model they make data.

Their tuples are byte by byte those of commit 7ef2245 (tests/golden). Only the epochs are fewer:
enough for a model that passes every gate. `python -m bench shipped_recipes` trains all of them.

The default recipe, of triplets, is run by the test of Airflow, and on the other stack to its last
epoch by `scripts/test_debian13.sh`. Of recipes that differ in one part, which has tests of its own, one is run.
"""

import json
from importlib.metadata import version

import pytest
import yaml

from relation.load import RECIPES, load_recipe
from tests.e2e.served_files import JUDGED, check_evaluation, check_printed_command
from tests.golden.record import GOLDEN, tuple_digests, weight_names

pytestmark = pytest.mark.e2e

LIKE_ANOTHER = {
    "digits_batch_all": "digits_batch_hard",
    "digits_semi_hard": "digits_batch_hard",
    "image_tags_weighted": "image_tags",
}
ELSEWHERE = {"digits_triplets", *LIKE_ANOTHER}
SHIPPED = sorted({path.stem for path in RECIPES.glob("*.yaml")} - ELSEWHERE)
EPOCHS = {
    "digits_batch_hard": 8,
    "digits_ntuples": 5,
    "digits_pairs": 9,
    "digits_siamese": 7,
    "entity_matching": 4,
    "image_labels": 6,
    "image_labels_dense": 8,
    "image_tags": 6,
    "image_tags_confidence": 7,
    "image_tags_ordinal": 7,
    "label_completion": 10,
    "label_conditioned": 7,
    "relation_class": 9,
    "relation_vector": 9,
    "search_ranking": 4,
    "search_ranking_lists": 5,
    "similarity_regression": 20,
    "two_tower_retrieval": 8,
}
"""Enough epochs for the gates of each recipe."""


def in_fewer_epochs(name, folder):
    """Write a shipped recipe with the epochs of `EPOCHS`, which are fewer than its own."""
    recipe = yaml.safe_load((RECIPES / f"{name}.yaml").read_text(encoding="utf-8"))
    training = recipe["training"]
    assert EPOCHS[name] < training["epochs"]
    training["epochs"] = EPOCHS[name]
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_is_blessed_and_pushed(name, worker, tmp_path):
    outcome = worker.run(in_fewer_epochs(name, tmp_path), tmp_path / "runs")
    assert outcome.status == 0, outcome.terminal
    assert outcome.verdict["verdict"] == "blessed"
    assert outcome.versions == [outcome.verdict["pushed_version"]]
    thresholds = load_recipe(name).recipe.evaluation.gates
    results = {
        (gate["metric"], gate["bound"]): gate
        for gate in outcome.verdict["gates"]
        if gate["kind"] == "threshold"
    }
    for metric, gate in thresholds.items():
        for bound, value in (("min", gate.min), ("max", gate.max)):
            if value is not None:
                assert results[metric, bound]["threshold"] == value
                better = results[metric, bound]["value"] - value
                assert (better if bound == "min" else -better) >= 0
    check_printed_command(outcome, tmp_path)
    if name in JUDGED:
        check_evaluation(outcome, load_recipe(name), tmp_path)
    if version("tfx").startswith("1.16."):  # What recorded it; other versions of Pillow may differ.
        golden = json.loads(GOLDEN.read_text())[name]
        served = outcome.folder / "serving" / outcome.versions[0]
        made = tuple_digests(outcome.folder / "pipeline") | {"weight_names": weight_names(served)}
        assert made == {part: golden.get(part, made[part]) for part in made}


def test_a_recipe_without_a_model_makes_tuples(worker, tmp_path):
    recipe = yaml.safe_load((RECIPES / "image_labels_dense.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "recipe.yaml"
    parts = ("name", "data", "relation")
    path.write_text(yaml.safe_dump({part: recipe[part] for part in parts} | {"name": path.stem}))
    outcome = worker.run(path, tmp_path)
    assert outcome.status == 0, outcome.terminal
    assert outcome.verdict["verdict"] == "data"
    assert ">Data</p>" in (outcome.folder / "report" / "index.html").read_text()
    assert outcome.versions == []
    (stats,) = outcome.folder.glob("pipeline/RelationGen/tuples/*/relation_stats.json")
    splits = json.loads(stats.read_text())["splits"]
    assert min(splits[split]["tuples"] for split in ("train", "eval")) > 0
    assert any(line.node == "Transform" and line.state == "done" for line in outcome.lines)
