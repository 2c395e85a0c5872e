"""Each loss within a batch learns, from what Transform gives."""

import pytest

from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.losses.base import BatchLoss
from trainer_module.registry import LOSSES
from trainer_module.training.training_run import TrainingRun


def model(loss):
    tower = "{type: dense, dense: [8], embedding: 4}"
    return f"{{tower: {tower}, head: {{type: cosine}}, loss: {{type: {loss}}}}}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("losses")


@pytest.fixture(scope="module")
def files(folder):
    """With the keys of tuples, which all of these losses read."""
    return small_run.transformed(folder, model=model("nt_xent"))


BATCH_LOSSES = [name for name in LOSSES.names if issubclass(LOSSES[name], BatchLoss)]


@pytest.mark.parametrize("loss", BATCH_LOSSES)
def test_it_learns_in_what_two_kinds_differ(folder, files, loss):
    training = "{epochs: 8, batch_size: 32, learning_rate: 0.02, patience: 8}"
    recipe = small_run.recipe(folder, model=model(loss), training=training)
    _, history = TrainingRun(training_request(recipe), files).fit(str(folder / loss))
    assert history.loss[-1] < 0.9 * history.loss[0]
    assert min(history.val_loss) < 0.95 * history.val_loss[0]
