"""The Evaluator's executor: what it hands on to TFX's."""

import pytest
from tfx.components.evaluator import executor as stock
from tfx.types import standard_artifacts

from components.evaluator.executor import Executor


def model(uri):
    artifact = standard_artifacts.Model()
    artifact.uri = uri
    return artifact


@pytest.mark.parametrize(
    ("baseline", "kept"),
    [(["/m/1"], ["/m/1"]), (["/m/2"], []), (["/m/2", "/m/3"], ["/m/3"]), ([], []), (None, [])],
)
def test_a_baseline_that_is_the_candidate_is_left_out(baseline, kept, monkeypatch):
    handed = []
    monkeypatch.setattr(stock.Executor, "Do", lambda self, *arguments: handed.append(arguments))
    inputs = {"model": [model("/m/2")], "examples": ["rows"]}
    if baseline is not None:
        inputs["baseline_model"] = [model(uri) for uri in baseline]
    outputs, properties = {"blessing": ["b"]}, {"eval_config": "{}"}
    Executor().Do(inputs, outputs, properties)
    [(given, same_outputs, same_properties)] = handed
    assert [artifact.uri for artifact in given["baseline_model"]] == kept
    assert [artifact.uri for artifact in given["model"]] == ["/m/2"]
    assert given["examples"] == ["rows"]
    assert (same_outputs, same_properties) == (outputs, properties)
