"""`airflow dags test`: the default recipe to a pushed model, then unchanged, then refused."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.airflow.helpers import NEEDS_AIRFLOW, Airflow, variant

pytestmark = [pytest.mark.airflow, pytest.mark.e2e, NEEDS_AIRFLOW]

NAME = "digits_triplets"
FEWER = {"epochs": 8, "batch_size": 64, "learning_rate": 0.001, "patience": 5, "seed": 1}


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    airflow = Airflow(tmp_path_factory.mktemp("airflow"))
    migrated = airflow.command("db", "migrate", recipe=NAME)
    assert migrated.status == 0, migrated.output
    yield airflow
    airflow.close()


def run(airflow, recipe, date, name=NAME):
    """Run the DAG; return whether it succeeded, its verdict and the served versions."""
    done = airflow.command("dags", "test", name, date, recipe=recipe)
    folder = airflow.runs / name
    assert (folder / "verdict.json").exists(), done.output[-5000:]
    verdict = json.loads((folder / "verdict.json").read_text())
    versions = sorted(path.name for path in (folder / "serving").iterdir())
    return done.status == 0, verdict, versions


def test_default_recipe(airflow, tmp_path):
    """In fewer epochs; `make run` trains it to the end on the other stack."""
    recipe = variant(tmp_path, "quick", training=FEWER)
    succeeded, verdict, versions = run(airflow, recipe, "2026-01-01")
    assert (succeeded, verdict["verdict"]) == (True, "blessed"), verdict
    [version] = versions
    assert (verdict["trained"], verdict["pushed_version"]) == (True, version)
    assert 0 < verdict["seconds"] < 1000
    assert "run_id=manual__2026-01-01T00:00:00+00:00/" in f"{verdict['log']}/"
    embeds_raw_rows(airflow.runs / NAME, version)

    succeeded, verdict, versions = run(airflow, recipe, "2026-01-02")
    assert (succeeded, verdict["verdict"]) == (True, "blessed"), verdict
    assert (verdict["trained"], verdict["pushed_version"]) == (False, None)
    assert versions == [version]

    gates = {"gates": {"accuracy": {"min": 1.0}}}
    strict = variant(tmp_path, "strict", training=FEWER, evaluation=gates)
    succeeded, verdict, versions = run(airflow, strict, "2026-01-03")
    assert (succeeded, verdict["verdict"]) == (False, "refused"), verdict
    assert "accuracy" in verdict["cause"]
    assert (verdict["trained"], verdict["pushed_version"]) == (False, None)
    assert versions == [version]


def test_a_failed_task_leaves_its_cause(airflow, tmp_path):
    item = {"schema": "schemas/digits.pbtxt", "path": str(tmp_path / "nothing" / "*.gz")}
    recipe = variant(tmp_path, "no_rows", name="no_rows", data={"entities": {"item": item}})
    succeeded, verdict, versions = run(airflow, recipe, "2026-01-01", name="no_rows")
    assert (succeeded, verdict["verdict"], versions) == (False, "failed", [])
    assert verdict["cause"].startswith("EntityGen: ")
    assert str(tmp_path / "nothing") in verdict["cause"]


def embeds_raw_rows(folder, version):
    [*files] = sorted(str(path) for path in (folder / "data" / "item").glob("*.gz"))
    rows = list(tf.data.TFRecordDataset(files, "GZIP").take(8).as_numpy_iterator())
    model = tf.saved_model.load(str(folder / "serving" / version))
    embedding = model.signatures["embed_item"](examples=tf.constant(rows))["embedding"].numpy()
    assert embedding.shape == (8, 64)
    assert np.allclose(np.linalg.norm(embedding, axis=1), 1, atol=1e-5)
