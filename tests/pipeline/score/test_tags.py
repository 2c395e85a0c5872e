"""A model that scores one row at a time has a column for each of its tags."""

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from pipeline.score.command import main
from relation.load import load_recipe
from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.run_fn import run_fn

RECIPE = """
name: tagged
data:
  entities: {item: {schema: item.pbtxt, path: none}}
  split: {unit: entity, train: 3, eval: 1}
relation: {type: tags, source: {type: labels, feature: tags}}
model:
  features: [x]
  tower: {type: dense, dense: [8], embedding: 4}
  head: {type: tag}
  loss: {type: tag_cross_entropy}
training: {epochs: 1, batch_size: 16}
evaluation: {gates: {lrap: {min: 0.5}}}
"""
SCHEMA = """
feature { name: "id" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "x" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 2 } } }
feature { name: "tags" type: BYTES value_count { max: 9 } domain: "tags" }
string_domain { name: "tags" value: "wide" value: "a b" value: "<i>" }
"""
ROWS = np.random.default_rng(0).normal(size=(40, 2)).astype("float32").tolist()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tags")
    (folder / "item.pbtxt").write_text(SCHEMA)
    (folder / "recipe.yaml").write_text(RECIPE)
    loaded = load_recipe(str(folder / "recipe.yaml"))
    [role] = loaded.tuples.roles
    types = {"id": tf.string, "x": tf.float32, "tags": tf.string}
    spec = {f"{role.name}_{name}": tf.io.VarLenFeature(kind) for name, kind in types.items()}
    spec["relation"] = tf.io.VarLenFeature(tf.float32)
    rows = [
        {f"{role.name}_id": [b"%d" % n], f"{role.name}_x": x, f"{role.name}_tags": [b"wide"]}
        | {"relation": [1.0, float(x[0] > 0), 0.0]}
        for n, x in enumerate(ROWS)
    ]
    files = small_run.run_transform(folder, loaded, spec, {"train": rows, "eval": rows[:16]})
    run_fn(small_run.arguments(files, training_request(loaded), folder))
    return str(folder / "serving")


@pytest.fixture
def items(tmp_path):
    path = tmp_path / "items.parquet"
    ids = [f"i{n}" for n in range(len(ROWS))]
    pq.write_table(pa.table({"id": ids, "x": ROWS}), path)
    return str(path)


def test_each_tag_has_a_column(model, items, tmp_path):
    output = tmp_path / "tags.csv"
    assert main([model, items, "--output", str(output)]) == 0
    answers = list(csv.DictReader(output.read_text().splitlines()))
    assert list(answers[0]) == ["id", "wide", "a b", "<i>"]
    signatures = tf.saved_model.load(model).signatures
    example = tf.train.Example()
    example.features.feature["example_x"].float_list.value.extend(ROWS[7])
    scores = signatures["score"](examples=tf.constant([example.SerializeToString()]))["score"]
    assert answers[7]["id"] == "i7"
    numbers = [float(answers[7][tag]) for tag in ("wide", "a b", "<i>")]
    np.testing.assert_allclose(numbers, scores.numpy()[0], atol=1e-6)


def test_its_embeddings_are_written_on_demand(model, items, tmp_path):
    output = tmp_path / "embeddings.parquet"
    assert main([model, items, "--embeddings", "--output", str(output)]) == 0
    assert pq.read_table(output).column_names == ["id", "embedding"]


def test_it_has_no_pairs(model, items, capsys):
    assert main([model, items, "--pairs", items]) == 2
    message = "error: --pairs: the model scores one row at a time; leave --pairs out\n"
    assert capsys.readouterr().err == message
