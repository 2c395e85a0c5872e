"""The summary of a node that its terminal line shows."""

import json

import pytest
from tfx.types import artifact_utils, standard_artifacts

from pipeline.ui.node_runs import NodeRun
from pipeline.ui.node_summary import summarize_node


@pytest.mark.parametrize(
    ("node_id", "output", "counts", "summary"),
    [
        ("EntityGen", "examples", {"train": 3000, "eval": 2}, "rows: train 3,000, eval 2"),
        ("EntityGen_item", "examples", {"train": 3, "eval": 2}, "rows: train 3, eval 2"),
        ("EntityGen_a_b", "examples", {"all": 1234}, "rows: 1,234"),
        ("EntityGen", "examples", {"all": 1, "skipped": 2000}, "rows: 1; 2,000 skipped"),
        ("SplitGen", "split_examples", {"train": 3, "eval": 2}, "rows: train 3, eval 2"),
    ],
)
def test_rows(node_id, output, counts, summary):
    artifact = standard_artifacts.Examples()
    splits = [name for name in counts if name != "skipped"]
    artifact.split_names = artifact_utils.encode_split_names(splits)
    for name, count in counts.items():
        artifact.set_int_custom_property(f"rows_{name}", count)
    assert summarize_node(node_id, NodeRun(False, {output: [artifact]})) == summary


def test_tuples_with_what_was_skipped_and_noted(tmp_path):
    splits = {
        "train": {"tuples": 6874, "rows_skipped": 2},
        "eval": {"tuples": 9, "rows_skipped": 1},
    }
    inputs = {"pairs": {"noted": {}}, "product": {"noted": {"conflicting_id": 741}}}
    stats = {"splits": splits, "inputs": inputs}
    (tmp_path / "relation_stats.json").write_text(json.dumps(stats))
    artifact = standard_artifacts.Examples()
    artifact.uri = str(tmp_path)
    assert summarize_node("RelationGen", NodeRun(False, {"tuples": [artifact]})) == (
        "tuples: train 6,874, eval 9; 3 rows skipped; product: conflicting_id 741"
    )


@pytest.mark.parametrize("node_id", ["Transform", "ImportSchemaGen_tag"])
def test_a_node_without_a_summary(node_id):
    assert summarize_node(node_id, NodeRun(False, {})) == ""


def test_validators():
    for node_id in ("EntityValidator_item", "TupleValidator"):
        assert summarize_node(node_id, NodeRun(False, {})) == "no anomalies"
