"""A copy of the Airflow runner of 7ef2245, as it lies in a folder `dags/`, runs the recipe."""

import json
import shutil

import pytest

from tests.airflow.helpers import NEEDS_AIRFLOW, Airflow
from tests.fixtures.upgrade.record import HERE, NAME, copy_inputs

pytestmark = [pytest.mark.airflow, pytest.mark.e2e, NEEDS_AIRFLOW]


def test_it_runs_the_recipe_and_says_that_it_is_old(tmp_path):
    copy_inputs(tmp_path)
    airflow = Airflow(tmp_path)
    shutil.copy(HERE / "airflow_runner.txt", airflow.dags / "airflow_runner.py")
    recipe = str(tmp_path / f"{NAME}.yaml")
    migrated = airflow.run("-m", "airflow", "db", "migrate", recipe=recipe)
    assert migrated.returncode == 0, migrated.stderr
    done = airflow.run("-m", "airflow", "dags", "test", NAME, "2026-01-01", recipe=recipe)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    verdict = json.loads((airflow.runs / NAME / "verdict.json").read_text())
    assert verdict["verdict"] == "blessed"
    assert (airflow.runs / NAME / "serving" / verdict["pushed_version"]).is_dir()
    warning = (
        "Warning: a copy of pipeline/airflow_runner.py comes from an earlier version; copy it again"
    )
    assert (done.stdout + done.stderr).count(warning) == 1
