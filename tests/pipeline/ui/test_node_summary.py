"""The summary of a node that its terminal line shows."""

import json

import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.tuner.trial_counts import TrialCounts, write_counts
from pipeline.ui.node_runs import NodeRun
from pipeline.ui.node_summary import summarize_node
from trainer_module.training.history import History, read_history, write_history


@pytest.mark.parametrize(
    ("node_id", "output", "counts", "summary"),
    [
        ("EntityGen", "examples", {"train": 3000, "eval": 2}, "rows: train 3,000, eval 2"),
        ("EntityGen_item", "examples", {"train": 3, "eval": 2}, "rows: train 3, eval 2"),
        ("EntityGen_a_b", "examples", {"all": 1234}, "rows: 1,234"),
        ("SplitGen", "split_examples", {"train": 3, "eval": 2}, "rows: train 3, eval 2"),
        (
            "SplitGen",
            "split_examples",
            {"train": 3, "eval": 2, "no_time": 4},
            "rows: train 3, eval 2; 4 skipped (no_time 4)",
        ),
    ],
)
def test_rows(node_id, output, counts, summary):
    artifact = standard_artifacts.Examples()
    splits = [name for name in counts if name != "no_time"]
    artifact.split_names = artifact_utils.encode_split_names(splits)
    for name, count in counts.items():
        artifact.set_int_custom_property(f"rows_{name}", count)
    assert summarize_node(node_id, NodeRun(False, {output: [artifact]})) == summary


def test_rows_that_entity_gen_skipped_by_reason(tmp_path):
    artifact = standard_artifacts.Examples()
    artifact.uri = str(tmp_path)
    artifact.split_names = artifact_utils.encode_split_names(["all"])
    artifact.set_int_custom_property("rows_all", 1)
    artifact.set_int_custom_property("rows_skipped", 2002)
    stats = {
        "rows": {"all": 1},
        "unusable": {"is no tf.Example": {"count": 2000, "file": "a", "record": 1}},
        "broken": {},
        "left_out": {"is hidden": {"count": 2, "file": "b", "record": 1}},
    }
    (tmp_path / "entity_stats.json").write_text(json.dumps(stats))
    assert summarize_node("EntityGen", NodeRun(False, {"examples": [artifact]})) == (
        "rows: 1; 2,002 skipped (is no tf.Example 2,000, is hidden 2)"
    )


def test_tuples_with_what_was_skipped_and_noted(tmp_path):
    """Rows without a split, and edges, of which splits do not tell, are said as well."""
    splits = {"train": {"tuples": 6874}, "eval": {"tuples": 9}, "unassigned": {"rows_read": 2}}
    inputs = {
        "pairs": {"skipped": {"conflicting_row": 30, "nan": 1}, "noted": {}},
        "product": {"skipped": {}, "noted": {"conflicting_id": 741}},
    }
    stats = {"splits": splits, "inputs": inputs}
    (tmp_path / "relation_stats.json").write_text(json.dumps(stats))
    artifact = standard_artifacts.Examples()
    artifact.uri = str(tmp_path)
    assert summarize_node("RelationGen", NodeRun(False, {"tuples": [artifact]})) == (
        "tuples: train 6,874, eval 9; pairs: 31 skipped (conflicting_row 30, nan 1); "
        "product: conflicting_id 741"
    )


@pytest.mark.parametrize("node_id", ["Transform", "ImportSchemaGen_tag"])
def test_a_node_without_a_summary(node_id):
    assert summarize_node(node_id, NodeRun(False, {})) == ""


def test_validators():
    for node_id in ("EntityValidator_item", "TupleValidator"):
        assert summarize_node(node_id, NodeRun(False, {})) == "no anomalies"


def artifact_at(folder, kind=standard_artifacts.Model):
    artifact = kind()
    artifact.uri = str(folder)
    return artifact


@pytest.mark.parametrize("splits", [["all"], ["train", "eval"]])
def test_statistics_count_the_features_of_the_first_split(tmp_path, splits):
    for number, split in enumerate(splits):
        statistics = statistics_pb2.DatasetFeatureStatisticsList()
        features = statistics.datasets.add().features
        for n in range(3 + number):
            features.add().path.step.append(f"f{n}")
        folder = tmp_path / f"Split-{split}"
        folder.mkdir()
        (folder / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
    artifact = artifact_at(tmp_path, standard_artifacts.ExampleStatistics)
    artifact.split_names = artifact_utils.encode_split_names(splits)
    run = NodeRun(False, {"statistics": [artifact]})
    assert summarize_node("EntityStatistics_item", run) == "3 features"


def test_training_says_which_metric_chose_the_epoch(tmp_path):
    history = History(
        loss=(3, 2, 1),
        val_loss=(1.0, 0.25, 0.5),
        keep={"best": "auc"},
        metric=(0.5, None, 0.75),
        better="higher",
    )
    write_history(history, str(tmp_path))
    assert read_history(str(tmp_path)) == history
    run = NodeRun(False, {"model_run": [artifact_at(tmp_path, standard_artifacts.ModelRun)]})
    said = "best epoch 3 of 3 by auc, 0.7500, val_loss 0.5000"
    assert summarize_node("Trainer", run) == said


@pytest.mark.parametrize(("keep", "said"), [("best", (2, 0.25)), ("last", (3, 0.5))])
def test_training_says_which_epoch_was_kept(tmp_path, keep, said):
    history = History(loss=(3, 2, 1), val_loss=(1.0, 0.25, 0.5), keep=keep)
    write_history(history, str(tmp_path))
    run = NodeRun(False, {"model_run": [artifact_at(tmp_path, standard_artifacts.ModelRun)]})
    epoch, loss = said
    assert summarize_node("Trainer", run) == f"{keep} epoch {epoch} of 3, val_loss {loss:.4f}"


@pytest.mark.parametrize(
    ("requested", "failures", "more"),
    [
        (2, {}, ""),
        (3, {"7": "loss is nan"}, "; 1 failed (first: loss is nan)"),
        (5, {}, "; 3 not run (tuning.space gave no further values)"),
        (
            6,
            {"2": "no memory", "3": "loss is nan"},
            "; 2 failed (first: no memory); 2 not run (tuning.space gave no further values)",
        ),
    ],
)
def test_tuning_counts_all_trials(tmp_path, requested, failures, more):
    (tmp_path / "tuner_results.json").write_text(json.dumps([{"score": 0.5}, {"score": 0.25}]))
    write_counts(TrialCounts(requested, failures), str(tmp_path))
    run = NodeRun(
        False, {"tuner_results": [artifact_at(tmp_path, standard_artifacts.TunerResults)]}
    )
    assert summarize_node("Tuner", run) == f"best of 2 trials, val_loss 0.2500{more}"


@pytest.mark.parametrize(
    ("node_id", "some", "none"),
    [
        ("BaseModel", "from model 7", "no earlier blessed model to start from"),
        ("LatestBlessedModel", "baseline: model 7", "no earlier blessed model to compare with"),
    ],
)
def test_earlier_models(node_id, some, none):
    model = standard_artifacts.Model()
    model.id = 7
    assert summarize_node(node_id, NodeRun(False, {"model": [model]})) == some
    assert summarize_node(node_id, NodeRun(False, {"model": []})) == none
    assert summarize_node(node_id, NodeRun(False, {})) == none


@pytest.mark.parametrize(("blessed", "said"), [(1, "blessed"), (0, "refused")])
def test_a_blessing(blessed, said):
    blessing = standard_artifacts.ModelBlessing()
    blessing.set_int_custom_property("blessed", blessed)
    assert summarize_node("Evaluator", NodeRun(False, {"blessing": [blessing]})) == said


@pytest.mark.parametrize(
    ("pushed", "added", "said"),
    [
        (1, 1, "version 5 pushed"),
        (1, 0, "version 5 already serves it"),
        (0, 0, "not pushed"),
    ],
)
def test_a_pushed_version(pushed, added, said):
    model = standard_artifacts.PushedModel()
    model.set_int_custom_property("pushed", pushed)
    model.set_int_custom_property("added", added)
    model.set_string_custom_property("pushed_version", "5")
    assert summarize_node("Pusher", NodeRun(False, {"pushed_model": [model]})) == said
