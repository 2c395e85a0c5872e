"""Commands on files, of the model that a run has pushed: the printed one, and its evaluation."""

import json
import shlex

import pyarrow.parquet as pq
import pytest

from pipeline.evaluate.command import main as evaluate_main
from pipeline.score.command import main as score_main
from relation.files.saved_model import THRESHOLDS
from relation.load import LoadedRecipe
from tests.e2e.helpers import Outcome

JUDGED = (
    "digits_pairs",
    "entity_matching",
    "image_tags",
    "search_ranking_lists",
    "two_tower_retrieval",
)
"""A recipe of each kind of relation, whose held-out rows are files of one node."""
TOLERANCE = 1e-4
"""Of metrics: an answer may depend on its batch in its last bits."""


def check_printed_command(outcome: Outcome, folder) -> None:
    """The printed command writes some answers, if the recipe has one."""
    command = outcome.verdict["command"]
    if command is None:
        assert "try it" not in outcome.terminal
        return
    assert command in outcome.terminal
    arguments = shlex.split(command)
    assert arguments[1:3] == ["-m", "pipeline.score"]
    path = folder / "answers.parquet"
    assert score_main([*arguments[3:], "--output", str(path)]) == 0
    answers = pq.read_table(path)
    assert answers.num_rows == (25 if "--neighbours" in arguments else 5)
    assert not any(column.null_count for column in answers.columns)
    measure = {"distance", "similarity"} & set(answers.column_names)
    for name in measure:  # Neighbours are not all at one place.
        assert len(set(answers.column(name).to_pylist())) > 5


def check_evaluation(outcome: Outcome, loaded: LoadedRecipe, folder) -> None:
    """On the rows that the run evaluated, new rows give the values of the run."""
    compiled, names = loaded.compiled, []
    for number, name in enumerate(loaded.recipe.data.tables):
        node = f"EntityGen_{name}" if number else "EntityGen"
        edges = name not in compiled.entities and compiled.tuple_table is None
        split = "Split-*" if edges or name in compiled.shared else "Split-eval"
        glob = outcome.folder / "pipeline" / node / "examples" / "*" / split / "*.gz"
        names.append(f"{name}={glob}")
    output = folder / "evaluation"
    arguments = [outcome.verdict["served"], *names, "--output", str(output)]
    assert evaluate_main(arguments) == 0
    judged = json.loads((output / "metrics.json").read_text())
    chosen = {*THRESHOLDS, *THRESHOLDS.values()} if loaded.tuples.says_related else set()
    run = outcome.verdict
    assert set(judged["metrics"]) == set(run["metrics"])
    for name, value in run["metrics"].items():
        if name not in chosen:
            assert judged["metrics"][name] == pytest.approx(value, abs=TOLERANCE), name
            ends = run["intervals"].get(name, [])
            assert judged["intervals"].get(name, []) == pytest.approx(ends, abs=TOLERANCE), name
    for name, threshold in THRESHOLDS.items():
        if name in chosen:
            assert judged["metrics"][threshold] == pytest.approx(run["metrics"][threshold])
    expected = run["corpus"]["spaces"].get("model", {})
    actual = judged["corpus"]["spaces"].get("model", {})
    assert set(actual) == set(expected)
    for name, estimate in expected.items():
        assert actual[name] == pytest.approx(estimate, abs=TOLERANCE), name
    assert "Nothing was gated" in (output / "index.html").read_text()
