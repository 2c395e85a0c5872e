"""A loss in one file outside this project: a recipe names it, and the Trainer trains on it."""

import json
import os
import subprocess
import sys

import pytest

from relation.core.plugins import VARIABLE

PLUGIN = '''
"""Huber's loss of relatedness."""

from pydantic import PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import TupleLoss
from trainer_module.ops import Tensor, as_float32
from trainer_module.registry import LOSSES


@LOSSES.register("huber")
class Huber(TupleLoss):
    """½e² of an error e up to `delta`, delta·(e − ½ delta) beyond; the mean over comparisons."""

    delta: PositiveFloat = 1.0

    def __call__(self, related: Tensor, relatedness: Tensor) -> Tensor:
        error = ops.abs(as_float32(related) - as_float32(relatedness))
        beyond = self.delta * (error - 0.5 * self.delta)
        return ops.mean(ops.where(error <= self.delta, 0.5 * error**2, beyond), axis=-1)
'''
TRAIN = """
from tests.trainer_module import small_run  # First: libraries put other `tests` on the path.
import json, sys
from pathlib import Path
import numpy as np
import tensorflow as tf
from relation.core.errors import RecipeError
from trainer_module.build_request import training_request
from trainer_module.registry import LOSSES
from trainer_module.run_fn import run_fn
from trainer_module.training.history import read_history
from trainer_module.validate import check_model

def model(loss):
    tower = "{type: dense, dense: [8], embedding: 4}"
    return f"{{tower: {tower}, head: {{type: cosine}}, loss: {loss}}}"

def checked(loss):
    loaded = small_run.recipe(folder, model=model(loss))
    features = {entity: loaded.features_of(entity) for entity in loaded.tuples.entities}
    check_model(loaded.recipe.model, loaded.tuples, features)
    return loaded

folder = Path(sys.argv[1])
loaded = checked("{type: huber, delta: 0.5}")
files = small_run.transformed(folder, model=model("{type: huber, delta: 0.5}"))
run_fn(small_run.arguments(files, training_request(loaded), folder))
history = read_history(str(folder / "run"))
signatures = tf.saved_model.load(str(folder / "serving")).signatures
errors = []
for loss in ("{type: huber, delta: -1}", "{type: huber, detla: 1}", "{type: hubert}"):
    try:
        checked(loss)
    except RecipeError as error:
        errors.append(str(error))
value = LOSSES["huber"]()(np.array([[1.0, 0.0]]), np.array([[1.5, -3.0]]))
print(json.dumps({
    "loss": history.loss, "value": np.asarray(value).tolist(), "errors": errors,
    "signatures": sorted(signatures),
}))
"""
FINGERPRINTS = """
import json, sys
from relation.core.fingerprint import code_fingerprint
print(json.dumps([code_fingerprint(module) for module in sys.argv[1:]]))
"""
MODULES = (
    "trainer_module.run_fn",
    "trainer_module.preprocessing.transform",
    "components.relation_gen.executor",
)


def _run(script, plugin, *arguments):
    environment = {**os.environ, VARIABLE: str(plugin), "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "huber_loss.py"
    path.write_text(PLUGIN)
    return path


@pytest.fixture(scope="module")
def trained(plugin, tmp_path_factory):
    return _run(TRAIN, plugin, tmp_path_factory.mktemp("run"))


def test_a_model_is_trained_and_exported(trained):
    # e = ½ is within delta 1: ⅛; e = 3 beyond: 2½. Their mean is 1.3125.
    assert trained["value"] == [pytest.approx(1.3125)]
    first, second = trained["loss"]
    assert 0 < second < first
    assert trained["signatures"] == ["embed_item", "evaluate", "score", "serving_default"]


def test_what_a_recipe_gets_wrong_is_told_as_of_any_loss(trained):
    value, name, kind = trained["errors"]
    assert value == "model.loss.delta: got -1; input should be greater than 0"
    assert name.startswith("model.loss.detla: unknown key")
    assert "model.loss.type: got 'hubert'; expected one of" in kind
    assert "focal, huber, image_l1" in kind


def test_its_file_counts_for_the_trainer_alone(plugin):
    without = _run(FINGERPRINTS, "", *MODULES)
    before = _run(FINGERPRINTS, plugin, *MODULES)
    plugin.write_text(PLUGIN + "# edited\n")
    after = _run(FINGERPRINTS, plugin, *MODULES)
    assert without[1:] == before[1:] == after[1:]
    assert len({without[0], before[0], after[0]}) == 3
