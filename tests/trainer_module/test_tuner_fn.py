"""Trials of a recipe's search space."""

import errno
import json
import os

import pytest
import tensorflow as tf
from keras_tuner.errors import FatalError
from tfx.components.tuner.executor import write_best_hyperparameters
from tfx.types import standard_artifacts

from components.tuner import executor
from components.tuner.trial_counts import read_counts
from pipeline.ui.node_runs import NodeRun
from pipeline.ui.node_summary import summarize_node
from pipeline.ui.root_cause import root_cause
from relation.core.errors import DataError, RecipeError
from relation.files.disk import full_disk
from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.request import TrainingRequest
from trainer_module.training.callbacks.nan_guard import NanGuard
from trainer_module.training.history import History
from trainer_module.training.training_run import Files
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


class _Run:
    """A training whose outcome, a loss or an exception, is the next of a list."""

    def __init__(self, outcomes):
        self._outcomes = iter(outcomes)

    def __call__(self, request, files):
        return self

    def fit(self, log_dir):
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        NanGuard(lambda numbers: []).check_validation(outcome, 0)
        return None, History(loss=(outcome,), val_loss=(outcome,))


def _search(folder, monkeypatch, outcomes, space="training.learning_rate: {min: 0.1, max: 1.0}"):
    """The node's executor on 8 trials with these outcomes, and its output artifacts."""
    request = _request(folder, f"{{trials: 8, space: {{{space}}}}}")
    monkeypatch.setattr("trainer_module.tuner_fn.TrainingRun", _Run(outcomes))
    files = Files("", [], [])
    result = tuner_fn(small_run.arguments(files, request, folder, working_dir=str(folder / "work")))

    def search(*_):
        result.tuner.search(**result.fit_kwargs)
        return result.tuner

    monkeypatch.setattr("tfx.components.tuner.executor.search", search)
    monkeypatch.setattr(executor.Executor, "_get_tmp_dir", lambda self: "")
    outputs = {
        "best_hyperparameters": [standard_artifacts.HyperParameters()],
        "tuner_results": [standard_artifacts.TunerResults()],
    }
    for name, (artifact,) in outputs.items():
        artifact.uri = str(folder / name)
        (folder / name).mkdir()
    executor.Executor().Do({}, outputs, {})
    return outputs


def test_failed_trials_end_no_search_and_are_said(tmp_path, monkeypatch, caplog):
    """3 failures in a row, the limit of Keras Tuner, then losses and each kind of failure."""
    caplog.set_level("INFO", "relata.progress")
    nan = float("nan")
    ends = [DataError("too hot"), nan, float("-inf"), 0.5, ValueError("a b"), 0.25, nan, 0.75]
    outputs = _search(tmp_path, monkeypatch, ends)
    results = json.loads((tmp_path / "tuner_results" / "tuner_results.json").read_text())
    assert [(trial["trial_id"], trial["score"]) for trial in results] == [
        ("5", 0.25),
        ("3", 0.5),
        ("7", 0.75),
    ]
    (best,) = (tmp_path / "best_hyperparameters").iterdir()
    values = best_values(json.loads(best.read_text()))
    assert values == {"training.learning_rate": results[0]["training.learning_rate"]}
    advice = "lower training.learning_rate, or look for extreme values in the features"
    reasons = {
        "0": "too hot",
        "1": f"training: the validation loss is NaN after epoch 1: {advice}",
        "2": f"training: the validation loss is infinite after epoch 1: {advice}",
        "4": "ValueError: a b",
        "6": f"training: the validation loss is NaN after epoch 1: {advice}",
    }
    counts = read_counts(str(tmp_path / "tuner_results"))
    assert (counts.requested, counts.failures) == (8, reasons)
    for trial, reason in reasons.items():
        assert f"trial {trial} failed: {reason}" in caplog.messages
    assert summarize_node("Tuner", NodeRun(False, outputs)) == (
        "best of 3 trials, val_loss 0.2500; 5 failed (first: too hot)"
    )


def test_the_run_stops_in_one_sentence_if_all_trials_fail(tmp_path, monkeypatch):
    ends = [DataError("too hot"), *[float("nan")] * 7]
    message = "^tuning: all 8 trials failed, the first because of: too hot$"
    with pytest.raises(DataError, match=message):
        _search(tmp_path, monkeypatch, ends)
    assert list((tmp_path / "best_hyperparameters").iterdir()) == []


@pytest.mark.parametrize(
    "full",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        tf.errors.ResourceExhaustedError(None, None, "/a/model; No space left on device"),
    ],
)
def test_a_full_disk_ends_the_search(full, tmp_path, monkeypatch):
    with pytest.raises(FatalError) as caught:
        _search(tmp_path, monkeypatch, [0.5, full, 0.25])
    assert root_cause(caught.value) == full_disk(None)


def test_a_space_of_fewer_values_than_trials_is_said(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO", "relata.progress")
    ends = [DataError("too hot"), 0.5]
    outputs = _search(tmp_path, monkeypatch, ends, "model.tower.embedding: [2, 4]")
    assert "2 of 8 trials: tuning.space gave no further values" in caplog.messages
    assert summarize_node("Tuner", NodeRun(False, outputs)) == (
        "best of 1 trials, val_loss 0.5000; 1 failed (first: too hot); "
        "6 not run (tuning.space gave no further values)"
    )
