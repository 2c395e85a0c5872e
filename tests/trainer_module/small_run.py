"""Tuples that have been through Transform, small enough to train on in a moment."""

import itertools
from pathlib import Path

import numpy as np
import tensorflow as tf
import yaml
from tfx.components.trainer.fn_args_utils import FnArgs

from relation.load import LoadedRecipe, load_recipe
from tests.trainer_module.transformed import transform
from trainer_module.build_request import preprocessing_request
from trainer_module.request import KEY, TrainingRequest
from trainer_module.training.training_run import Files

ROWS = {"train": 96, "eval": 40}
RECIPE = """
name: numbers
data:
  entities: {item: {schema: item.pbtxt, path: none}}
  split: {unit: entity, train: 3, eval: 1}
relation:
  type: triplets
  source: {type: same_label, feature: kind}
model:
  tower: {type: dense, dense: [8], embedding: 4}
  head: {type: squared_distance}
  loss: {type: triplet}
training: {epochs: 2, batch_size: 16, learning_rate: 0.01}
evaluation: {gates: {auc: {min: 0.5}}}
"""
SCHEMA = """
feature { name: "id" type: INT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "kind" type: INT presence { min_fraction: 1 } shape { dim { size: 1 } } int_domain { is_categorical: true } }
feature { name: "x" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 3 } } }
feature { name: "colour" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
"""
SPEC = {
    f"{role}_{name}": tf.io.VarLenFeature(dtype)
    for role in ("anchor", "positive", "negative")
    for name, dtype in (
        ("id", tf.int64),
        ("kind", tf.int64),
        ("x", tf.float32),
        ("colour", tf.string),
    )
} | {"negative_prob": tf.io.VarLenFeature(tf.float32)}


def recipe(folder: Path, **changes: str) -> LoadedRecipe:
    """The recipe above; `changes`: YAML in place of the values of some keys."""
    values = yaml.safe_load(RECIPE) | {key: yaml.safe_load(text) for key, text in changes.items()}
    (folder / "item.pbtxt").write_text(SCHEMA)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(values))
    return load_recipe(str(folder / "recipe.yaml"))


def transformed(folder: Path, colours: str = "red green blue", **changes: str) -> Files:
    """Runs Transform on triplets of items of two kinds that differ in their numbers.

    `changes`: of the recipe, see there.
    """
    rng = np.random.default_rng(0)
    palette = [colour.encode() for colour in colours.split()]

    def row(number: int) -> dict:
        kind = int(rng.integers(2))
        members = {"anchor": kind, "positive": kind, "negative": 1 - kind}
        values = {"negative_prob": [0.5]}
        for place, (role, of) in enumerate(members.items()):
            values |= {
                f"{role}_id": [3 * number + place],
                f"{role}_kind": [of],
                f"{role}_x": (rng.normal(size=3) + 2 * of).astype("float32").tolist(),
                f"{role}_colour": [palette[number % len(palette)]],
            }
        return values

    rows = {split: [row(number) for number in range(count)] for split, count in ROWS.items()}
    return run_transform(folder, recipe(folder, **changes), SPEC, rows)


def run_transform(
    folder: Path, loaded: LoadedRecipe, spec: dict, rows: dict[str, list[dict]]
) -> Files:
    """Runs Transform on tuples by split; those of `train` are analyzed.

    Args:
      folder: where graph and files of transformed tuples are written.
      loaded: the recipe.
      spec: of the features of tuples.
      rows: by split, values by the name of the feature.
    """
    tuples = [row for those in rows.values() for row in those]
    values, _ = transform(preprocessing_request(loaded), spec, rows["train"], folder, tuples)
    remaining = iter(values)
    for split, those in rows.items():
        with tf.io.TFRecordWriter(str(folder / f"{split}.gz"), "GZIP") as writer:
            for transformed_row in itertools.islice(remaining, len(those)):
                writer.write(_example(transformed_row))
    return Files(str(folder / "graph"), [str(folder / "train.gz")], [str(folder / "eval.gz")])


def _example(values: dict) -> bytes:
    features = {}
    for name, value in values.items():
        array = np.atleast_1d(value)
        if array.dtype.kind == "f":
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=array))
        elif array.dtype.kind == "i":
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=array))
        else:
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=array.tolist()))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def arguments(files: Files, request: TrainingRequest, folder: Path, **further) -> FnArgs:
    """What TFX would hand to `run_fn`."""
    return FnArgs(
        transform_output=files.transform,
        transform_graph_path=files.transform,
        train_files=list(files.train),
        eval_files=list(files.validation),
        serving_model_dir=str(folder / "serving"),
        model_run_dir=str(folder / "run"),
        custom_config={KEY: request.model_dump_json()},
        **further,
    )
