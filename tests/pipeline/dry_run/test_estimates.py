"""Estimates from a few steps; every value by hand."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from pipeline.dry_run import report
from pipeline.dry_run.estimates import all_tuples, count_rows, memory, steps
from pipeline.dry_run.rows import FirstRows
from relation.load import load_recipe
from relation.training import Training
from trainer_module.training.trial_steps import Layer, Measured

LAYERS = (Layer("image", (None, 8, 8, 1), 0), Layer("dense", (None, 16), 1040))
MEASURED = Measured({"item": LAYERS}, 1_040, 1_000, 2_000, 128 * 80, 0.25, 0.5)


def test_memory_is_of_weights_gradients_slots_and_twice_the_activations():
    assert memory(MEASURED) == (4 * (1_040 + 1_000 + 2_000), 2 * 4 * 128 * 80)


def test_steps_are_rounded_up_and_of_all_epochs():
    assert steps(130, Training(epochs=3, batch_size=64), 0.5) == (3, 4.5)


def test_rows_are_counted_in_every_format(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a.gz"), "GZIP") as writer:
        for _ in range(5):
            writer.write(b"row")
    with tf.io.TFRecordWriter(str(tmp_path / "b")) as writer:
        writer.write(b"row")
    assert count_rows("tfrecord", [str(tmp_path / "a.gz"), str(tmp_path / "b")]) == 6
    (tmp_path / "c.csv").write_text("id\na\nb\n")
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(b"id\na\n"))
    assert count_rows("csv", [str(tmp_path / "c.csv"), str(tmp_path / "d.csv.gz")]) == 3
    (tmp_path / "f.jsonl").write_text('{"id": 1}\n{"id": 2}\n')
    assert count_rows("jsonl", [str(tmp_path / "f.jsonl")]) == 2
    pq.write_table(pa.table({"id": ["a", "b", "c"]}), tmp_path / "e.parquet")
    assert count_rows("parquet", [str(tmp_path / "e.parquet")]) == 3
    assert count_rows("image_folder", ["a.png", "b.png"]) == 2


def test_tuples_are_in_proportion_to_rows(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a")) as writer:
        for _ in range(50):
            writer.write(b"row")
    loaded, rows = load_recipe("digits_triplets"), (tf.train.Example(),) * 20
    patterns = {"item": str(tmp_path / "a")}
    part, whole = (FirstRows({None: rows}, {}, complete, 1) for complete in (False, True))
    assert all_tuples(loaded, patterns, {"item": part}, 60) == 150
    assert all_tuples(loaded, patterns, {"item": whole}, 60) == 60


def test_what_is_said_of_a_model():
    loaded = load_recipe("digits_triplets")
    assert list(report.of_model(loaded, MEASURED)) == [
        "item: image (image)",
        "  image                       8 × 8 × 1",
        "  dense                       16                1,040 weights",
        "1,040 weights, 1,000 of them trained; loss 0.5 after some steps",
    ]
    training = Training(epochs=20, batch_size=128)
    assert report.of_estimates(MEASURED, training, 100_000) == {
        "estimated memory": "1 MiB beside TensorFlow itself: 1 MiB for weights, gradients and "
        "optimizer, 1 MiB for a batch of 128",
        "estimated time": "65 min of training: at most 20 epochs of 782 steps for about 100,000 "
        "tuples, 0.250 s a step on this machine now",
    }


def test_deep_networks_show_their_ends():
    layers = tuple(Layer(f"layer_{number}", (None, 4), 0) for number in range(100))
    lines = list(
        report.of_model(load_recipe("digits_triplets"), MEASURED._replace(layers={"item": layers}))
    )
    assert lines[12:15] == [
        "  layer_11                    4",
        "  … 76 more layers …",
        "  layer_88                    4",
    ]


def test_what_is_said_of_rows_and_tuples():
    table = FirstRows({None: (tf.train.Example(),) * 1000}, {"a row is bad": 2}, False, 3)
    assert list(report.of_rows({"item": table})) == [
        "item: the first 1,000 rows of 3 files, 2 left out (a row is bad 2)"
    ]
    part = {"tuples": 1200, "rows_used": 400, "skipped": {"no_id": 1, "nan": 3}, "shortfall": {}}
    assert list(report.of_tuples({"splits": {"train": part}, "inputs": {}})) == [
        "train: 1,200 tuples of 400 rows, 4 rows skipped (nan 3, no_id 1)"
    ]
