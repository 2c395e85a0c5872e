"""Weights of an earlier model are taken over by name, where shapes and vocabularies are the same."""

import numpy as np
import pytest
import tensorflow as tf

from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.model.signatures import ServingModule
from trainer_module.model.transform_graph import TransformGraph
from trainer_module.model.warm_start import named_weights, start_from
from trainer_module.training.training_run import TrainingRun
from trainer_module.training.trial_values import tuned

DENSE = ["item/dense/bias", "item/dense/kernel", "item/dense_1/bias", "item/dense_1/kernel"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A job, and the folder of its model, with weights that no seed gives."""
    folder = tmp_path_factory.mktemp("base")
    files = small_run.transformed(folder)
    request = training_request(small_run.recipe(folder))
    job = TrainingRun(request, files)
    model = job.build()
    for number, weight in enumerate(model.weights):
        weight.assign(np.full(weight.shape, number + 1.0))
    module = ServingModule(model, TransformGraph(job.transform), job.features, job.towers)
    module.save(str(folder / "serving"))
    return folder, files, request


def _vocabulary(job: TrainingRun) -> dict[str, str]:
    return {"item_colour": job.transform.vocabulary_file_by_name("item_colour")}


def test_names_do_not_depend_on_what_was_built_before(exported):
    _, files, request = exported
    job = TrainingRun(request, files)
    names = [sorted(named_weights(job.build())) for _ in range(2)]
    assert names == [[*DENSE, "item/embedding/embeddings"]] * 2


def test_every_weight_is_taken_over(exported):
    folder, files, request = exported
    job = TrainingRun(request, files)
    model = job.build()
    line = start_from(str(folder / "serving"), model, _vocabulary(job))
    assert line == "warm start: 5 of 5 weights taken over"
    for number, weight in enumerate(model.weights):
        assert (np.asarray(weight) == number + 1).all()


def test_what_does_not_fit_stays_as_it_is_and_is_told(exported, tmp_path):
    folder, files, request = exported
    wider = tuned(request, {"model.tower.embedding": 6})
    other = tmp_path / "words"
    other.write_text("violet\n")
    model = TrainingRun(wider, files).build()
    before = {name: np.asarray(weight) for name, weight in named_weights(model).items()}
    line = start_from(str(folder / "serving"), model, {"item_colour": str(other)})
    assert line == (
        "warm start: 2 of 5 weights taken over; item/embedding/embeddings has another vocabulary; "
        "item/dense_1/kernel was 8×4, is 8×6; item/dense_1/bias was 4, is 6"
    )
    after = {name: np.asarray(weight) for name, weight in named_weights(model).items()}
    changed = [name for name in after if not np.array_equal(after[name], before[name])]
    assert sorted(changed) == DENSE[:2]


def test_training_goes_on_from_them(exported):
    folder, files, request = exported
    slow = tuned(request, {"training.learning_rate": 1e-9, "training.epochs": 1})
    model, _ = TrainingRun(slow, files).fit(str(folder / "logs"), str(folder / "serving"))
    saved = tf.saved_model.load(str(folder / "serving")).named_weights
    for name, weight in named_weights(model).items():
        np.testing.assert_allclose(weight, saved[name], atol=1e-6)
