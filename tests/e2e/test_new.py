"""A file that nobody has described, by two commands to a served model."""

import subprocess
import sys

import pytest
from sklearn.datasets import load_iris

from relation.load import PROJECT
from tests.e2e.helpers import environment

pytestmark = pytest.mark.e2e


def test_iris_to_a_blessed_model(worker, tmp_path):
    iris = load_iris()
    lines = [",".join([*(name.replace(",", "") for name in iris.feature_names), "species"])]
    lines += [
        ",".join([*map(str, row), str(iris.target_names[label])])
        for row, label in zip(iris.data, iris.target, strict=True)
    ]
    (tmp_path / "iris.csv").write_text("\n".join(lines))
    arguments = [
        "iris",
        str(tmp_path / "iris.csv"),
        "--label",
        "species",
        "--folder",
        str(tmp_path),
    ]
    new = subprocess.run(
        [sys.executable, "-m", "pipeline.new", *arguments],
        cwd=PROJECT,
        env=environment(PYTHONPATH=PROJECT),
        capture_output=True,
        text=True,
    )
    assert new.returncode == 0, new.stderr
    outcome = worker.run(tmp_path / "iris.yaml", tmp_path / "runs")
    assert outcome.status == 0, outcome.terminal
    assert len(outcome.versions) == 1
    bounds = {
        (gate["kind"], gate["metric"]): gate["threshold"] for gate in outcome.verdict["gates"]
    }
    assert bounds["threshold", "auc"] == 0.7
    corpus = outcome.verdict["corpus"]
    gain, baseline = corpus["gain"], corpus["spaces"]["trivial"]["map_at_r"]["value"]
    expected = baseline + gain["value"] - gain["low"]
    assert expected > baseline
    assert bounds["baseline", "map_at_r"] == pytest.approx(expected)
