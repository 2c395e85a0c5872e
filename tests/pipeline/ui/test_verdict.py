"""The verdict as JSON and as a sentence."""

import json
import math
import os
import shlex
from pathlib import Path

import pytest
from tfx.types import standard_artifacts

from components.common.evaluation import evaluation_results
from components.common.evaluation.evaluation_results import GateResult
from components.report.component import ReportPage
from pipeline.paths import RunPaths
from pipeline.settings import EXIT_STATUS
from pipeline.ui import verdict as verdicts
from pipeline.ui.node_runs import NodeRun
from pipeline.ui.verdict import RunVerdict
from relation.load import load_recipe
from trainer_module.build_request import training_request
from trainer_module.model.interface import interface_of, write_interface
from trainer_module.registry import HEADS, task_of

PASSED = GateResult("auc", "min", 0.9, 0.95, None, True)
REFUSED = GateResult("accuracy", "min", 0.99, 0.875, None, False)
DROPPED = GateResult("auc", "max_drop", 0.01, 0.5, 0.9, False, "change")
SLICE = GateResult("auc", "min", 0.5, 0.4, None, False, "slice", place="label=3")
BEATEN = GateResult("map_at_r", "above", 0.51234, 0.3, None, False, "baseline", "corpus")
UNDEFINED = GateResult("auc", "min", 0.9, math.nan, None, False, reason="no pair is unrelated")


def no_constant(name):
    raise AssertionError(f"{name} is no JSON")


def test_json_has_gates_metrics_and_null_for_what_is_no_number():
    evaluation = evaluation_results.Verdict(
        blessed=False,
        gates=(PASSED, UNDEFINED),
        metrics={"auc": math.nan, "threshold": -math.inf, "accuracy": 0.875},
        slices={("anchor_label", 3): {"auc": math.nan}},
        baseline=None,
    )
    verdict = RunVerdict(
        recipe="cats",
        verdict="refused",
        cause="why",
        gates=evaluation.gates,
        evaluation=evaluation.to_json(),
        log="run.log",
    )
    read = json.loads(verdict.to_json(), parse_constant=no_constant)
    assert read["verdict"] == "refused"
    assert read["cause"] == "why"
    assert read["metrics"] == {"auc": None, "threshold": None, "accuracy": 0.875}
    assert read["gates"][1] == {
        "metric": "auc",
        "bound": "min",
        "threshold": 0.9,
        "value": None,
        "baseline": None,
        "passed": False,
        "reason": "no pair is unrelated",
        "kind": "threshold",
        "part": "tuples",
        "place": "",
    }
    assert read["slices"] == [{"feature": "anchor_label", "value": 3, "metrics": {"auc": None}}]


def test_a_failed_run_is_a_verdict_too():
    read = json.loads(verdicts.failed("cats", "no rows", Path("run.log")).to_json())
    assert (read["verdict"], read["cause"], read["log"]) == ("failed", "no rows", "run.log")
    assert (read["trained"], read["pushed_version"], read["served"]) == (False, None, None)


def test_data_that_a_recipe_without_a_model_asks_for(tmp_path):
    tuples = standard_artifacts.Examples()
    tuples.uri = str(tmp_path)
    stats = {split: {"tuples": 1234, "rows_skipped": 0} for split in ("train", "eval")}
    (tmp_path / "relation_stats.json").write_text(json.dumps({"splits": stats, "inputs": {}}))
    report = ReportPage()
    report.uri = str(tmp_path / "report")
    runs = {
        "RelationGen": NodeRun(cached=True, outputs={"tuples": [tuples]}),
        "Report": NodeRun(cached=True, outputs={"report": [report]}),
    }
    actual = verdicts.of_run("cats", RunPaths(tmp_path), None, runs, 1.25, Path("run.log"))
    read = json.loads(actual.to_json())
    assert (read["verdict"], read["tuples"], read["served"]) == ("data", str(tmp_path), None)
    assert read["report"] == str(tmp_path / "report" / "index.html")
    assert read["cause"] == (
        "the recipe asks for no model, only for data; tuples: train 1,234, eval 1,234"
    )
    assert EXIT_STATUS[actual.verdict] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (False, True, None, [PASSED, REFUSED], Path("serving/7")),
            "threshold: accuracy 0.8750, not ≥ 0.99; nothing was pushed, version 7 stays served",
        ),
        (
            (False, True, None, [DROPPED], None),
            "change: auc 0.5000, not drop ≤ 0.01 from 0.9000; nothing was pushed, no version is served",
        ),
        (
            (False, True, None, [UNDEFINED], None),
            "threshold: auc undefined (no pair is unrelated), not ≥ 0.9; nothing was pushed, no version "
            "is served",
        ),
        (
            (False, True, None, [SLICE, BEATEN], None),
            "slice: auc [label=3] 0.4000, not ≥ 0.5; baseline: corpus map_at_r 0.3000, not > 0.5123; "
            "nothing was pushed, no version is served",
        ),
        (
            (False, True, None, [PASSED], None),
            "the Evaluator did not bless the model; nothing was pushed, no version is served",
        ),
        ((True, True, "8", [PASSED], Path("serving/8")), "every gate passed; pushed as version 8"),
        (
            (True, False, None, [PASSED], Path("serving/8")),
            "nothing changed since an earlier run: no model was trained and no version added",
        ),
        (
            (True, True, None, [PASSED], Path("serving/8")),
            "every gate passed; the newest version is this very model, so none was added",
        ),
    ],
)
def test_the_cause_is_a_sentence(arguments, sentence):
    assert verdicts._cause(*arguments) == sentence


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (PASSED, "≥ 0.9"),
        (GateResult("threshold", "max", 2.5, 1.0, None, True), "≤ 2.5"),
        (DROPPED, "drop ≤ 0.01 from 0.9000"),
        (GateResult("auc", "defined", None, 0.5, None, True), "a number"),
    ],
)
def test_a_bound_as_a_person_reads_it(gate, text):
    assert gate.bound_text() == text


def test_the_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "verdict.json"
    path.write_text("earlier")
    linked = tmp_path / "linked"
    linked.hardlink_to(path)  # Keeps what a reader that opened it before goes on reading.
    verdicts.write(verdicts.failed("cats", "why", Path("run.log")), path)
    assert json.loads(path.read_text())["cause"] == "why"
    assert linked.read_text() == "earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["linked", "verdict.json"]


@pytest.fixture
def served(tmp_path):
    """A folder with the description of a model of digits, and what passes for a graph."""
    loaded = load_recipe("digits_pairs")
    request = training_request(loaded)
    task = task_of(HEADS.resolve(request.model.head), loaded.tuples)
    folder = tmp_path / "my cats" / "serving" / "1"
    write_interface(interface_of(request, task), str(folder))
    (folder / "saved_model.pb").write_bytes(b"")
    return folder


def test_the_command_survives_a_shell(served):
    command = verdicts._command(served, {"item": "runs/my cats/*.gz"}, {})
    start = ["-m", "pipeline.score", str(served), "runs/my cats/*.gz"]
    assert shlex.split(command)[1:5] == start
    elsewhere = verdicts._command(served, {"item": os.path.abspath("data/*.gz")}, {})
    assert shlex.split(elsewhere)[4] == "data/*.gz"
    remote = verdicts._command(served, {"item": "gs://bucket/*.gz"}, {})
    assert shlex.split(remote)[4] == "gs://bucket/*.gz"


def test_rows_that_no_single_glob_names_are_tried_as_entity_gen_wrote_them(served):
    examples = standard_artifacts.Examples()
    examples.uri = "/runs/cats/EntityGen/examples/7"
    runs = {"EntityGen": NodeRun(cached=False, outputs={"examples": [examples]})}
    command = verdicts._command(served, {}, runs)
    assert shlex.split(command)[4] == "/runs/cats/EntityGen/examples/7/Split-*/*.gz"


def test_without_a_model_that_describes_itself_there_is_no_command(tmp_path, served):
    assert verdicts._command(None, {"item": "a"}, {}) is None
    assert verdicts._command(served, {}, {}) is None
    (served / "assets.extra" / "interface.json").unlink()
    assert verdicts._command(served, {"item": "a"}, {}) is None
