"""The nodes before the Trainer: a Tuner, a base model."""

import json

import pytest

from pipeline import dag
from pipeline.paths import RunPaths
from relation.core.errors import RecipeError
from relation.load import load_recipe
from trainer_module.request import KEY, TrainingRequest

TUNING = "tuning: {{trials: 2, space: {{{space}}}}}\n\nevaluation:"


def _nodes(folder, old="", new=""):
    text = load_recipe("digits_triplets").path.read_text()
    path = folder / "recipe.yaml"
    path.write_text(text.replace(f"\n{old}", f"\n{new}", 1) if old else text)
    pipeline = dag.build(load_recipe(str(path)), RunPaths(folder / "runs"), {"item": "/*.gz"})
    return {node.id: node for node in pipeline.components}


def _request(node) -> TrainingRequest:
    config = json.loads(node.exec_properties["custom_config"])
    return TrainingRequest.model_validate_json(config[KEY])


def test_a_tuner_hands_its_best_values_to_the_trainer(tmp_path):
    space = (
        "model.tower.embedding: [16, 32], training.learning_rate: {min: 0.001, max: 0.1, log: true}"
    )
    nodes = _nodes(tmp_path, "evaluation:", TUNING.format(space=space))
    names = list(nodes)
    assert names[names.index("Transform") :][:3] == ["Transform", "Tuner", "Trainer"]
    tuner, trainer = nodes["Tuner"], nodes["Trainer"]
    assert trainer.inputs["hyperparameters"] == tuner.outputs["best_hyperparameters"]
    assert _request(tuner).tuning.trials == 2
    # Other trials that end with the same values are no reason to train again.
    assert _request(trainer) == _request(tuner).model_copy(update={"tuning": None})


def test_without_either_the_trainer_follows_transform(tmp_path):
    nodes = _nodes(tmp_path)
    assert set(nodes["Trainer"].inputs) == {"examples", "transform_graph"}


def test_a_warm_start_takes_the_last_blessed_model(tmp_path):
    nodes = _nodes(tmp_path, "training: {", "training: {warm_start: true, ")
    assert nodes["Trainer"].inputs["base_model"] == nodes["BaseModel"].outputs["model"]


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            "model.head.margin: [1]",
            r"tuning\.space\.model\.head\.margin: got 1: model\.head\.margin: unknown key",
        ),
        (
            "model.tower.embedding: {min: 0, max: 8}",
            r"tuning\.space\.model\.tower\.embedding: got 0: model\.tower\.embedding: got 0",
        ),
        (
            "model.loss.margin: [1.0]",
            r"tuning\.space\.model\.loss\.margin: got 1\.0: tuning\.space: got 'model\.loss\.margin'",
        ),
    ],
)
def test_a_space_that_does_not_fit_is_refused(tmp_path, space, message):
    with pytest.raises(RecipeError, match=message):
        _nodes(tmp_path, "evaluation:", TUNING.format(space=space))
