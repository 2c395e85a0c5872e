"""A pushed model on new rows: metrics from files as they are, at the model's own thresholds."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from sklearn.metrics import f1_score, roc_auc_score

from pipeline.evaluate.command import main
from pipeline.evaluate.inputs import write_rows
from pipeline.evaluate.tuples import make_tuples, records_of, tuple_files
from pipeline.score.rows import Rejections
from relation.files.saved_model import write_decision
from relation.load import PROJECT
from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.model.interface import read_interface
from trainer_module.run_fn import run_fn

COUNT = 80
RANDOM = np.random.default_rng(7)
KINDS = RANDOM.integers(2, size=COUNT)
NUMBERS = (RANDOM.normal(size=(COUNT, 3)) + KINDS[:, None]).astype("float32")
HOSTILE = "<script>alert(1)</script>"
THRESHOLDS = {"accuracy": -2.5, "f1": -4.0}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("<b>model")
    files = small_run.transformed(folder)
    run_fn(small_run.arguments(files, training_request(small_run.recipe(folder)), folder))
    served = str(folder / "serving")
    decision = {name: {"score": score, "reached": 0.5} for name, score in THRESHOLDS.items()}
    write_decision(decision, served)
    return served


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "new.parquet"
    columns = {
        "id": np.arange(COUNT),
        "kind": KINDS,
        "x": list(NUMBERS),
        "colour": [HOSTILE, "red"] * (COUNT // 2),
    }
    pq.write_table(pa.table(columns), path)
    return str(path)


@pytest.fixture(scope="module")
def results(model, rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    assert main([model, rows, "--output", str(folder), "--slice", "colour"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "metrics.json"]
    return json.loads((folder / "metrics.json").read_text()), (folder / "index.html").read_text()


@pytest.fixture(scope="module")
def scores(model, rows, tmp_path_factory):
    """Scores of the positive and of the negative of each tuple, by the signature `score`."""
    folder, interface = tmp_path_factory.mktemp("tuples"), read_interface(model)
    patterns = {"item": rows}
    [table] = write_rows(interface, interface.compiled, patterns, str(folder), False, Rejections())
    make_tuples(interface, interface.compiled, [table], str(folder / "tuples"))
    records = list(records_of(tuple_files(str(folder / "tuples"))))
    signature = tf.saved_model.load(model).signatures["score"]
    columns = []
    for other in ("positive", "negative"):
        pairs = [pair(record, other) for record in records]
        columns.append(signature(examples=tf.constant(pairs))["score"].numpy())
    return np.stack(columns, axis=1)


def pair(record, other):
    """The pair of an anchor and another member, as `anchor` and `positive`."""
    tuple_, result = tf.train.Example.FromString(record), tf.train.Example()
    for name, feature in tuple_.features.feature.items():
        role, _, rest = name.partition("_")
        target = {"anchor": "anchor", other: "positive"}.get(role)
        if target:
            result.features.feature[f"{target}_{rest}"].CopyFrom(feature)
    return result.SerializeToString()


def test_metrics_of_tuples_are_those_of_their_scores(results, scores):
    metrics = results[0]["metrics"]
    assert metrics["examples"] == len(scores) == COUNT
    related = np.tile([True, False], (len(scores), 1)).ravel()
    assert metrics["auc"] == pytest.approx(roc_auc_score(related, scores.ravel()), abs=1e-6)
    assert metrics["triplet_accuracy"] == pytest.approx(np.mean(scores[:, 0] > scores[:, 1]))
    low, high = results[0]["intervals"]["auc"]
    assert low < metrics["auc"] < high


def test_thresholds_are_the_models_own(results, scores):
    metrics = results[0]["metrics"]
    related = np.tile([True, False], (len(scores), 1)).ravel()
    called = scores.ravel() >= THRESHOLDS["accuracy"]
    assert metrics["threshold"] == THRESHOLDS["accuracy"]
    assert metrics["accuracy"] == pytest.approx(np.mean(called == related))
    called = scores.ravel() >= THRESHOLDS["f1"]
    assert metrics["f1_threshold"] == THRESHOLDS["f1"]
    assert metrics["f1"] == pytest.approx(f1_score(related, called))
    assert "threshold" not in results[0]["intervals"]


def test_neighbours_are_those_of_the_embeddings(results, model, rows):
    examples = []
    for row in pq.read_table(rows).to_pylist():
        example = tf.train.Example()
        example.features.feature["x"].float_list.value.extend(row["x"])
        example.features.feature["colour"].bytes_list.value.append(row["colour"].encode())
        examples.append(example.SerializeToString())
    signature = tf.saved_model.load(model).signatures["embed_item"]
    vectors = signature(examples=tf.constant(examples))["embedding"].numpy().astype(np.float64)
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    expected = np.mean(KINDS[distances.argmin(axis=1)] == KINDS)
    found = results[0]["corpus"]["spaces"]["model"]["precision_at_1"]["value"]
    assert found == pytest.approx(expected)
    assert results[0]["corpus"]["counts"]["queries"] == COUNT


def test_each_value_of_a_feature_is_a_slice(results):
    slices = {one["value"]: one["metrics"] for one in results[0]["slices"]}
    assert set(slices) == {HOSTILE, "red"}
    assert sum(metrics["examples"] for metrics in slices.values()) == COUNT


def test_the_page_says_what_was_measured_and_escapes_what_is_not_ours(results):
    page = results[1]
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>model" not in page
    assert "80 tuples of the given rows. Nothing was gated." in page
    assert "Gates" not in page
    assert "held-out" not in page.lower()


def written(path, **columns):
    pq.write_table(pa.table(columns), path)
    return str(path)


def test_what_the_user_must_change_is_said_in_one_line(model, rows, tmp_path, capsys):
    columns = {name: pq.read_table(rows).column(name) for name in ("id", "kind", "x", "colour")}
    unlabelled = {name: column for name, column in columns.items() if name != "kind"}
    featureless = {name: column for name, column in columns.items() if name != "x"}
    output = ["--output", str(tmp_path / "out")]
    bare = written(tmp_path / "u.parquet", **unlabelled)
    short = written(tmp_path / "f.parquet", **featureless)
    old = tmp_path / "old"
    shutil.copytree(model, old)
    description = old / "assets.extra" / "interface.json"
    interface = json.loads(description.read_text())
    for name in ("compiled", "schemas", "readings", "image"):
        del interface[name]
    description.write_text(json.dumps(interface))
    for arguments, message in (
        ([model, bare], f"{bare}: no row has a value in column 'kind', which evaluation needs: it "
         "holds the labels; there are colour, id, x"),
        ([model, short], f"{short}: no column 'x', which the schema names; the file has the "
         "columns 'id', 'kind', 'colour'"),
        ([model, rows, "--edges", rows], "--edges: the model's relation has no edges; leave "
         "--edges out"),
        ([model, rows, "--slice", "size"], "--slice: got 'size'; expected one of id, kind, x, "
         "colour"),
        ([str(old), rows], f"{old}: does not say how rows are related; a model that is trained "
         "anew does"),
        ([str(tmp_path), rows], f"{tmp_path}: not a SavedModel; expected a folder such as "
         "runs/<recipe>/serving/<version>"),
    ):  # fmt: skip
        assert main([*arguments, *output]) == 2, arguments
        assert capsys.readouterr().err == f"error: {message}\n"
    assert not (tmp_path / "out").exists()


def test_a_row_without_a_label_is_an_error_or_counted(model, tmp_path, capsys):
    numbers = pa.array(NUMBERS[:6].tolist(), pa.list_(pa.float32()))
    path = written(
        tmp_path / "n.parquet",
        id=range(6),
        kind=[0, 0, None, 1, 1, 1],
        x=numbers,
        colour=["a"] * 6,
    )
    arguments = [model, path, "--output", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        f"error: {path}: 1 of 6 rows cannot be used: no_label 1; fix them, or pass "
        "--skip-bad-rows\n"
    )
    assert main([*arguments, "--skip-bad-rows"]) == 0
    assert "eval: 6 rows read, 5 used, 1 skipped (no_label 1); 5 tuples" in capsys.readouterr().out


def test_rows_without_ids_are_numbered_and_undefined_metrics_have_reasons(model, tmp_path, capsys):
    numbers = pa.array(NUMBERS[:6].tolist(), pa.list_(pa.float32()))
    path = written(tmp_path / "n.parquet", kind=[0, 0, 0, 1, 1, 1], x=numbers, colour=["a"] * 6)
    plain = tmp_path / "model"
    shutil.copytree(model, plain)
    (plain / "assets.extra" / "decision.json").unlink()
    arguments = [str(plain), path, "--number-rows", "--output", str(tmp_path / "out")]
    assert main(arguments) == 0
    results = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert results["metrics"]["examples"] == 6
    assert results["metrics"]["accuracy"] is None
    why = "the model carries no decision threshold; one that a run pushes does"
    assert results["undefined"]["accuracy"] == why
    printed = capsys.readouterr().out.splitlines()
    assert f"accuracy undefined: {why}" in printed
    assert printed[0] == f"item: 6 rows of {path}"


def test_tfx_is_not_imported():
    code = (
        "import sys, pipeline.evaluate.command, pipeline.score.command; "
        "print([name for name in sys.modules if name.partition('.')[0] == 'tfx'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
