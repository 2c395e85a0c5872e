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
