"""A recipe from rows to a served model by the tfx command, and the runs after it.

Recipe, rows and runs are in a folder whose name TFX would take for a glob.
"""

import csv
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from pipeline.paths import RunPaths
from relation.files.wildcards import escape
from relation.load import PROJECT
from tests.e2e.helpers import (
    NODES,
    SCHEMA,
    UPSTREAM,
    Outcome,
    Worker,
    digit_rows,
    run_cli,
    write_recipe,
    write_rows,
)
from tests.e2e.served import contents, embed, score

pytestmark = pytest.mark.e2e

ROWS = 320
GATE_ONWARD = {"Evaluator", "Pusher", "Report"}
TRAINER_ONWARD = {"Trainer", "CorpusEvaluator", *GATE_ONWARD}
RELATION_GEN_ONWARD = set(NODES) - set(UPSTREAM["RelationGen"]) - {"LatestBlessedModel"}


class Base(NamedTuple):
    """A recipe that was run twice by the tfx command."""

    folder: object
    recipe: object
    first: Outcome
    second: Outcome

    @property
    def model(self):
        return self.first.verdict["served"]

    def changed(self, **changes):
        """The same recipe with other values; of the same name, hence of the same pipeline."""
        (self.folder / "changed").mkdir(exist_ok=True)
        paths = {
            "schema": str(self.folder / "schema.pbtxt"),
            "path": f"{escape(str(self.folder))}/rows/*.gz",
        }
        changes = {"data.entities.item": paths, **changes}
        return write_recipe(self.folder / "changed" / self.recipe.name, changes)

    def run(self, worker, recipe):
        return worker.run(recipe, self.folder / "runs")


@pytest.fixture(scope="module")
def rows():
    return digit_rows(ROWS)


@pytest.fixture(scope="module")
def base(tmp_path_factory, rows, worker):
    folder = tmp_path_factory.mktemp("e2e") / "a [x] {b}? ü*\\c"
    folder.mkdir()
    shutil.copy(SCHEMA, folder / "schema.pbtxt")
    for shard in range(2):
        write_rows(folder / "rows" / f"part-{shard}.gz", rows[shard::2])
    recipe = write_recipe(folder / "quick.yaml")
    first = run_cli(recipe, folder / "runs")
    assert first.status == 0, first.terminal
    second = worker.run(recipe, folder / "runs")
    yield Base(folder, recipe, first, second)
    RunPaths(first.folder).pipeline.parent.unlink()  # The link to the folder.


def test_the_first_run_reports_each_component_and_the_verdict_last(base):
    terminal = base.first.terminal
    lines = base.first.lines
    assert sorted(line.node for line in lines) == sorted(NODES)
    order = [line.node for line in lines]
    for node in ("RelationGen", "Trainer"):
        assert all(order.index(up) < order.index(node) for up in UPSTREAM[node])
    assert order[-6:] == [
        "Trainer",
        "LatestBlessedModel",
        "CorpusEvaluator",
        "Evaluator",
        "Pusher",
        "Report",
    ]
    assert {line.state for line in lines} == {"done"}
    summaries = {line.node: line.summary for line in lines}
    train, held_out = map(int, re.findall(r"\d+", summaries["EntityGen"]))
    assert summaries["EntityGen"] == f"rows: train {train}, eval {held_out}"
    assert train + held_out == ROWS
    assert summaries["RelationGen"] == f"tuples: train {train}, eval {held_out}"
    assert summaries["Trainer"].startswith("best epoch ")
    assert summaries["Evaluator"] == "blessed"
    assert "epoch 1/2  loss " in terminal
    assert "epoch 2/2  loss " in terminal
    assert len(terminal.splitlines()) < 40
    page = base.first.folder / "report" / "index.html"
    assert base.first.verdict["report"] == str(page)
    assert f"  report   {page}\n" in terminal
    assert ">Blessed</p>" in page.read_text()
    version = base.first.versions[0]
    assert base.first.last_line == f"BLESSED: every gate passed; pushed as version {version}"


def test_the_log_is_named_and_holds_the_noise(base):
    [log] = [
        line.split(maxsplit=1)[1]
        for line in base.first.terminal.splitlines()
        if line.startswith("  log ")
    ]
    assert log == base.first.verdict["log"]
    with open(log, encoding="utf-8") as file:
        assert len(file.readlines()) > 500


def test_the_verdict_is_written(base):
    verdict = base.first.verdict
    assert verdict["verdict"] == "blessed"
    assert verdict["trained"] is True
    assert verdict["pushed_version"] == base.first.versions[0]
    version = base.first.folder / "serving" / base.first.versions[0]
    assert Path(verdict["served"]).resolve() == version
    assert {gate["kind"] for gate in verdict["gates"]} == {"threshold", "sanity", "collapse"}
    thresholds = [gate for gate in verdict["gates"] if gate["kind"] == "threshold"]
    gates = {(gate["metric"], gate["bound"]): gate for gate in thresholds}
    # `max_drop` is no gate as long as there is no baseline.
    assert set(gates) == {("auc", "min"), ("triplet_accuracy", "min")}
    for (metric, _), gate in gates.items():
        assert gate["threshold"] == 0.6
        assert 0.6 <= gate["value"] <= 1
        assert gate["value"] == verdict["metrics"][metric]
        assert gate["passed"] is True
        assert f"{gate['value']:.4f}" in base.first.terminal
    assert verdict["baseline"] is None
    assert verdict["metrics"]["examples"] == len(held_out_tuples(base))
    assert {part["feature"] for part in verdict["slices"]} == {"anchor_label"}
    assert {part["value"] for part in verdict["slices"]} == set(range(10))


def held_out_tuples(base):
    """Tuples of eval, as Examples."""
    [files] = base.first.folder.glob("pipeline/RelationGen/tuples/*/Split-eval")
    names = sorted(map(str, files.iterdir()))
    records = tf.data.TFRecordDataset(names, "GZIP").as_numpy_iterator()
    return [tf.train.Example.FromString(record) for record in records]


def test_all_that_a_run_makes_is_in_its_folder(base):
    folders = sorted(path.name for path in (base.folder / "runs").iterdir())
    assert folders == ["quick"]
    assert {"pipeline", "metadata.sqlite", "serving", "verdict.json"} <= {
        path.name for path in (base.folder / "runs" / "quick").iterdir()
    }
    beside = {path.name for path in base.folder.iterdir()} - {"changed"}
    assert beside == {"runs", "rows", "quick.yaml", "schema.pbtxt"}


@pytest.fixture(scope="module")
def served(base):
    return tf.saved_model.load(base.model)


def test_the_model_holds_its_weights_once_and_nothing_that_only_training_needs(base, served):
    weights = sum(weight.numpy().nbytes for weight in served.named_weights.values())
    stored = Path(base.model) / "variables" / "variables.data-00000-of-00001"
    assert weights < stored.stat().st_size < 1.1 * weights


def test_embeddings_are_of_the_image_alone(served, rows):
    embeddings = embed(served, rows[:50])
    assert embeddings.shape == (50, 64)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, rtol=1e-5)
    assert np.array_equal(embeddings, embed(served, rows[:50]))
    altered = []
    for row in rows[:50]:
        other = tf.train.Example.FromString(row.SerializeToString())
        other.features.feature["id"].bytes_list.value[:] = [b"another"]
        other.features.feature["label"].int64_list.value[:] = [7]
        altered.append(other)
    assert np.array_equal(embeddings, embed(served, altered))
    for row in altered:
        del row.features.feature["id"]
        del row.features.feature["label"]
    assert np.array_equal(embeddings, embed(served, altered))


def test_an_embedding_does_not_depend_on_the_batch(served, rows):
    alone = np.concatenate([embed(served, [row]) for row in rows[:5]])
    np.testing.assert_allclose(embed(served, rows[:50])[:5], alone, rtol=1e-4, atol=1e-6)


def test_the_score_is_the_negated_squared_distance_of_raw_tuples(served, rows):
    lefts, rights = rows[:100], rows[100:200]
    scores = score(served, list(zip(lefts, rights, strict=True)))
    assert scores.shape == (100,)
    distances = np.sum((embed(served, lefts) - embed(served, rights)) ** 2, axis=1)
    np.testing.assert_allclose(scores, -distances, rtol=1e-4, atol=1e-5)
    back = score(served, list(zip(rights, lefts, strict=True)))
    np.testing.assert_allclose(scores, back, rtol=1e-6)
    default = score(served, list(zip(lefts, rights, strict=True)), "serving_default")
    assert np.array_equal(scores, default)


def test_the_verdict_is_of_the_served_model_on_tuples_of_eval(base, served):
    """A metric again, by the scores of pairs, from the files of the run alone."""
    tuples = held_out_tuples(base)
    related, unrelated = (
        score(served, [tuple(member(each, role) for role in ("anchor", other)) for each in tuples])
        for other in ("positive", "negative")
    )
    expected = np.mean(related > unrelated)
    actual = base.first.verdict["metrics"]["triplet_accuracy"]
    assert actual == pytest.approx(expected, abs=1 / len(tuples))


def member(example, role):
    """The row that has a role in a tuple."""
    row = tf.train.Example()
    for name, feature in example.features.feature.items():
        if name.startswith(f"{role}_"):
            row.features.feature[name.removeprefix(f"{role}_")].CopyFrom(feature)
    return row


def test_rows_of_one_label_score_higher_on_average(served, rows):
    labels = np.array([row.features.feature["label"].int64_list.value[0] for row in rows])
    pairs = [(n, m) for n in range(60) for m in range(n + 1, 60)]
    scores = score(served, [(rows[n], rows[m]) for n, m in pairs])
    same = np.array([labels[n] == labels[m] for n, m in pairs])
    assert scores[same].mean() > scores[~same].mean() + 0.1


def test_the_command_that_is_printed_tries_the_model(base, rows):
    command = shlex.split(base.first.verdict["command"])
    assert shlex.join(command) in base.first.terminal
    assert PROJECT / command[0] == Path(sys.executable)
    assert command[1:3] == ["-m", "pipeline.score"]
    done = subprocess.run(
        [sys.executable, *command[1:]], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    answers = list(csv.DictReader(done.stdout.splitlines()))
    assert [row["rank"] for row in answers] == 5 * ["1", "2", "3", "4", "5"]
    labels = {
        row.features.feature["id"].bytes_list.value[0].decode(): row.features.feature[
            "label"
        ].int64_list.value[0]
        for row in rows
    }
    same = [labels[row["query"]] == labels[row["neighbour"]] for row in answers]
    assert sum(same) > len(same) / 2
    assert all(float(row["distance"]) > 0 for row in answers)
    assert all(row["query"] != row["neighbour"] for row in answers)


def test_an_unchanged_second_run_retrains_nothing_and_says_so(base):
    second = base.second
    assert second.status == 0
    # What is served changed since the first run started, so the Pusher looks, once.
    assert second.nodes("done") <= {"Pusher"}
    assert second.versions == base.first.versions
    assert second.verdict["verdict"] == "blessed"
    assert second.verdict["trained"] is False
    assert second.verdict["pushed_version"] is None
    assert second.verdict["metrics"] == base.first.verdict["metrics"]
    assert second.last_line.startswith(
        "BLESSED: nothing changed since an earlier run: no model was trained"
    )
    assert "epoch" not in second.terminal.replace("best epoch", "")


def test_a_changed_loss_trains_anew_and_the_way_back_trains_nothing(base, worker):
    loss = {"type": "triplet", "margin": 0.5}
    other = base.run(worker, base.changed(**{"model.loss": loss}))
    assert other.status == 0, other.terminal
    assert other.nodes("done") == TRAINER_ONWARD
    assert other.nodes("cached") == set(UPSTREAM["Trainer"])
    version = other.versions[-1]
    assert other.verdict["pushed_version"] == version
    assert int(version) > int(base.first.versions[-1])
    # Its baseline is the model before, never itself.
    [drop] = [gate for gate in other.verdict["gates"] if gate["bound"] == "max_drop"]
    assert drop["passed"] is True
    candidate, baseline = evaluated(base.first.folder / "metadata.sqlite")[-1]
    assert candidate != baseline
    summaries = {line.node: line.summary for line in other.lines}
    assert summaries["LatestBlessedModel"] == f"baseline: model {baseline}"
    back = base.run(worker, base.recipe)
    assert back.status == 0, back.terminal
    assert back.nodes("done") == {"CorpusEvaluator", *GATE_ONWARD}
    assert back.verdict["trained"] is False
    assert int(back.versions[-1]) > int(version)
    assert contents(back.verdict["served"]) == contents(base.model)
    assert evaluated(base.first.folder / "metadata.sqlite")[-1] == (baseline, candidate)
    # Beam sizes the Evaluator's batches by the clock: last bits of scores differ, and with them the
    # side of a threshold on which a tuple falls.
    assert back.verdict["baseline"] == pytest.approx(other.verdict["metrics"], rel=1e-4)


def evaluated(database):
    """(model, baseline) of each run of the Evaluator, by id; None where there was no baseline."""
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(database)
    store = metadata_store.MetadataStore(config)
    [name] = [kind.name for kind in store.get_execution_types() if kind.name.endswith(".Evaluator")]
    models = []
    for execution in sorted(store.get_executions_by_type(name), key=lambda e: e.id):
        inputs = {
            event.path.steps[0].key: event.artifact_id
            for event in store.get_events_by_execution_ids([execution.id])
            if event.type == metadata_store_pb2.Event.INPUT
        }
        models.append((inputs["model"], inputs.get("baseline_model")))
    return models


def test_no_candidate_was_its_own_baseline(base):
    pairs = evaluated(base.first.folder / "metadata.sqlite")
    assert pairs[0][1] is None
    assert all(model != baseline for model, baseline in pairs)


def test_changed_sampling_relates_anew(base, worker):
    sampling = {"triplets_per_anchor": 2}
    other = base.run(worker, base.changed(**{"relation.sampling": sampling}))
    assert other.status == 0, other.terminal
    assert other.nodes("done") == RELATION_GEN_ONWARD
    assert other.nodes("cached") == set(UPSTREAM["RelationGen"])


@pytest.mark.parametrize("edit", ["# a comment\n", 'string_domain { name: "unused" value: "x" }\n'])
def test_an_edited_schema_is_imported_and_all_after_it(edit, base, worker):
    schema = base.folder / "schema.pbtxt"
    original = schema.read_text()
    schema.write_text(original + edit)
    other = base.run(worker, base.recipe)
    schema.write_text(original)
    assert other.status == 0, other.terminal
    # The statistics of the rows need no schema.
    assert other.nodes("cached") == {"EntityGen", "EntityStatistics"}


def test_a_refused_model_is_not_pushed_and_the_earlier_one_stays(base, worker):
    before = base.run(worker, base.recipe)
    gates = {"triplet_accuracy": {"min": 1.01}, "auc": {"min": 0.6}}
    refused = run_cli(base.changed(**{"evaluation.gates": gates}), base.folder / "runs")
    assert refused.status == 3
    assert refused.nodes("done") == GATE_ONWARD
    assert refused.versions == before.versions
    assert ">Refused</p>" in (refused.folder / "report" / "index.html").read_text()
    verdict = refused.verdict
    assert verdict["verdict"] == "refused"
    assert verdict["pushed_version"] is None
    assert verdict["served"] == before.verdict["served"]
    [broken] = [gate for gate in verdict["gates"] if not gate["passed"]]
    value = base.first.verdict["metrics"]["triplet_accuracy"]
    assert (broken["metric"], broken["bound"], broken["threshold"], broken["value"]) == (
        "triplet_accuracy",
        "min",
        1.01,
        value,
    )
    assert refused.last_line == (
        f"REFUSED: threshold: triplet_accuracy {value:.4f}, not ≥ 1.01; nothing was pushed, "
        f"version {before.versions[-1]} stays served"
    )
    again = base.run(worker, base.recipe)
    assert again.status == 0
    assert again.versions == before.versions


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The project's packages in another folder."""
    folder = tmp_path_factory.mktemp("project")
    for package in ("relation", "components", "trainer_module", "pipeline", "demo_data"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / package, folder / package, ignore=ignored)
    return folder


def test_edited_source_files_run_again_with_all_after_them(base, copied):
    worker = Worker(copied)
    first = base.run(worker, base.recipe)
    assert first.status == 0, first.terminal
    assert first.nodes("cached") >= set(UPSTREAM["Trainer"])  # The code is the same.

    def run_edited(path):
        source = copied / path
        source.write_text(source.read_text() + "\n# edited\n")
        outcome = base.run(worker, base.recipe)
        assert outcome.status == 0, outcome.terminal
        return outcome

    trained = run_edited("trainer_module/losses/triplet.py")
    assert trained.nodes("cached") == set(UPSTREAM["Trainer"])
    assert {"Trainer", "Evaluator"} <= trained.nodes("done") <= TRAINER_ONWARD
    related = run_edited("components/relation_gen/sampling/groups.py")
    assert related.nodes("cached") == set(UPSTREAM["RelationGen"])
    assert related.nodes("done") == RELATION_GEN_ONWARD
    worker.close()
