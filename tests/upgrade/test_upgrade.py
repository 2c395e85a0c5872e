"""A folder of runs, a recipe and a served model of commit 7ef2245 go on working.

The fixture is recorded by tests/fixtures/upgrade/record.py. ML Metadata holds absolute paths, so
each test unpacks the runs and replaces a placeholder in `metadata.sqlite` by its own folder.
"""

import json
import re
import subprocess
import sys
import tarfile

import numpy as np
import pytest
import tensorflow as tf
import yaml

from relation.load import PROJECT, load_recipe
from tests.e2e.helpers import run_cli
from tests.e2e.served import contents
from tests.fixtures.upgrade.record import HERE, NAME, ROOT, answers_of, copy_inputs, replace_paths

pytestmark = pytest.mark.e2e


@pytest.fixture
def old(tmp_path):
    """A folder with the recipe, its schema and rows, and the runs of 7ef2245."""
    copy_inputs(tmp_path)
    with tarfile.open(HERE / "runs.tar.xz") as tar:
        tar.extractall(tmp_path)
    replace_paths(tmp_path / "runs", ROOT, str(tmp_path))
    return tmp_path


def old_version(old):
    (served,) = (old / "runs" / NAME / "serving").iterdir()
    return served


def old_auc(old):
    verdict = json.loads((old / "runs" / NAME / "verdict.json").read_text())
    (auc,) = [gate["value"] for gate in verdict["gates"] if gate["metric"] == "auc"]
    return auc


def test_a_new_run_is_compared_with_the_old_model_and_stands_beside_it(old):
    version, auc = old_version(old), old_auc(old)
    before = contents(version)
    outcome = run_cli(old / f"{NAME}.yaml", old / "runs")
    assert outcome.status == 0, outcome.terminal
    assert outcome.verdict["verdict"] == "blessed"
    assert outcome.versions == [version.name, outcome.verdict["pushed_version"]]
    assert contents(version) == before
    (drop,) = [gate for gate in outcome.verdict["gates"] if gate["bound"] == "max_drop"]
    assert drop["metric"] == "auc"
    assert drop["baseline"] == pytest.approx(auc, abs=1e-6)  # On the tuples that the old run drew.
    assert outcome.verdict["baseline"]


def test_training_starts_from_the_old_weights(old, worker):
    recipe = yaml.safe_load((old / f"{NAME}.yaml").read_text(encoding="utf-8"))
    recipe["training"]["warm_start"] = True
    (old / f"{NAME}.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    outcome = worker.run(old / f"{NAME}.yaml", old / "runs")
    assert outcome.status == 0, outcome.terminal
    (taken,) = re.findall(r"warm start: .*", outcome.terminal)
    weights = len(
        tf.saved_model.load(
            str(old / "runs" / NAME / "serving" / outcome.versions[0])
        ).named_weights
    )
    assert taken.strip() == f"warm start: {weights} of {weights} weights taken over"
    assert len(outcome.versions) == 2


def test_the_served_model_answers_what_it_answered(old):
    rows = list(
        tf.data.TFRecordDataset(str(old / "rows" / "rows.gz"), "GZIP").take(3).as_numpy_iterator()
    )
    answers = answers_of(old_version(old), [tf.train.Example.FromString(row) for row in rows])
    for name, expected in json.loads((HERE / "answers.json").read_text()).items():
        np.testing.assert_allclose(answers[name], expected, atol=1e-5)


def test_commands_read_what_the_old_run_left(old):
    (evaluation,) = (old / "runs" / NAME / "pipeline" / "Evaluator" / "evaluation").iterdir()
    for command in (
        ["trainer_module.try_model", str(old_version(old)), str(old / "rows" / "*.gz")],
        ["components.evaluator", str(evaluation)],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=PROJECT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert ("200 rows by embed_item" if "try_model" in command[0] else "auc") in done.stdout


def test_the_recipe_is_read(old):
    recipe = load_recipe(str(old / f"{NAME}.yaml")).recipe
    assert (recipe.name, recipe.relation.seed, recipe.training.epochs) == (NAME, 1, 2)
