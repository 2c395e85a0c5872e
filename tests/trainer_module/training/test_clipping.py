"""Clipping where there are tables of embeddings, whose rows a batch meets several times."""

import numpy as np
import pytest

from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.training.training_run import TrainingRun


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("clipping")


@pytest.fixture(scope="module")
def files(folder):
    return small_run.transformed(folder)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_both_steps_clip_tables_alike(folder, files, accumulate):
    weights = []
    for step in ("keras", "tape"):
        training = (
            "{epochs: 2, batch_size: 16, learning_rate: 0.01, clip_norm: 0.05, "
            f"accumulate: {accumulate}, step: {step}}}"
        )
        request = training_request(small_run.recipe(folder, training=training))
        model, _ = TrainingRun(request, files).fit(str(folder / step))
        weights.append(model.get_weights())
    for own, taped in zip(*weights, strict=True):
        np.testing.assert_allclose(own, taped, rtol=1e-4, atol=1e-6)
