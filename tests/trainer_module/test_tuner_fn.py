"""Trials of a recipe's search space."""

import json

import pytest
from tfx.components.tuner.executor import write_best_hyperparameters
from tfx.types import standard_artifacts

from relation.core.errors import RecipeError
from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.request import TrainingRequest
from trainer_module.training.trial_values import best_values, tuned
from trainer_module.tuner_fn import space_of, tuner_fn

SPACE = "{trials: 3, space: {training.learning_rate: {min: 1.0e-9, max: 1.0, log: true}, model.tower.embedding: [2, 4]}}"


def _request(folder, space=SPACE) -> TrainingRequest:
    loaded = small_run.recipe(folder, tuning=space)
    return training_request(loaded).model_copy(update={"tuning": loaded.recipe.tuning})


def test_the_best_trial_is_the_one_of_the_lowest_validation_loss(tmp_path):
    files = small_run.transformed(tmp_path)
    request = _request(tmp_path)
    tried = []
    for run in range(2):
        result = tuner_fn(
            small_run.arguments(files, request, tmp_path, working_dir=str(tmp_path / str(run)))
        )
        result.tuner.search(**result.fit_kwargs)
        outputs = {}
        for key, kind in (
            ("best_hyperparameters", standard_artifacts.HyperParameters),
            ("tuner_results", standard_artifacts.TunerResults),
        ):
            outputs[key] = [kind()]
            outputs[key][0].uri = str(tmp_path / f"{key}{run}")
        write_best_hyperparameters(result.tuner, outputs)
        (path,) = (tmp_path / f"best_hyperparameters{run}").iterdir()
        values = best_values(json.loads(path.read_text()))
        (path,) = (tmp_path / f"tuner_results{run}").iterdir()
        trials = [{**t, "trial_id": None} for t in json.loads(path.read_text())]
        tried.append(trials)
        assert len(trials) == 3
        best = min(trials, key=lambda trial: trial["score"])
        assert values == {name: best[name] for name in request.tuning.space}
    assert tried[0] == tried[1]
    best_request = tuned(request, values)
    assert best_request.training.learning_rate == values["training.learning_rate"]
    assert dict(best_request.model.tower.params)["embedding"] == values["model.tower.embedding"]
    assert dict(best_request.model.tower.params)["dense"] == (8,)


def test_the_space_as_keras_tuner_has_it(tmp_path):
    space = "{space: {training.batch_size: {min: 8, max: 64, log: true}, training.optimizer: [adam], model.tower.dropout: {min: 0, max: 0.5}}}"
    found = {hp.name: hp.get_config() for hp in space_of(_request(tmp_path, space).tuning).space}
    assert {
        name: (c.get("min_value"), c.get("max_value"), c.get("sampling"), c.get("values"))
        for name, c in found.items()
    } == {
        "training.batch_size": (8, 64, "log", None),
        "training.optimizer": (None, None, None, ["adam"]),
        "model.tower.dropout": (0.0, 0.5, "linear", None),
    }


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "model.loss.margin",
            1,
            r"tuning\.space: got 'model\.loss\.margin'; expected training\.<option>",
        ),
        ("model.tower.weight_decay", 0.1, r"got 'model\.tower\.weight_decay'"),
        ("training.seed", 2, r"got 'training\.seed'"),
        ("training.speed", 2, r"got 'training\.speed'"),
        ("model.mining.margin", 2, r"got 'model\.mining\.margin'"),
        (
            "training.epochs",
            0,
            r"training\.epochs: got 0; input should be greater than or equal to 1",
        ),
    ],
)
def test_what_cannot_be_tuned(tmp_path, field, value, message):
    with pytest.raises(RecipeError, match=message):
        tuned(_request(tmp_path), {field: value})
