"""Small SavedModels and tuples, and the real TFX Evaluator over them."""

import os
from pathlib import Path

import numpy as np
import pytest

DIMENSIONS = 4
"""Of an entity's feature `x`: two tell its label, two are noise."""
GOOD, POOR, BROKEN = (1, 1, 0, 0), (0.05, 0, 1, 1), (float("nan"),) * 4
"""Weights of the dimensions in the models' distances."""
ROLES = {"pairs": ("left", "right"), "triplets": ("anchor", "positive", "negative")}


def make_tuples(kind, n, seed=0):
    """Serialized tuples of entities that have a label ("a" to "c"), a code (0, 5, 10) and `x`."""
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    records = []
    for number in range(n):
        own, other = rng.permutation(3)[:2]
        related = rng.random() < 0.4
        chosen = [own, own, other] if kind == "triplets" else [own, own if related else other]
        example = tf.train.Example()
        for role, label in zip(ROLES[kind], chosen, strict=True):
            x = rng.normal(size=DIMENSIONS)
            x[:2] += 3 * (label == 1), 3 * (label == 2)
            feature = example.features.feature
            feature[f"{role}_x"].float_list.value.extend(np.round(x * 4) / 4)  # Rounded: ties.
            feature[f"{role}_label"].bytes_list.value.append(b"abc"[label : label + 1])
            feature[f"{role}_id"].bytes_list.value.append(f"{role}{number}".encode())
            feature[f"{role}_code"].int64_list.value.append(5 * label)
        if kind == "pairs":
            example.features.feature["relation"].float_list.value.append(float(related))
        records.append(example.SerializeToString())
    return records


def save_model(path, kind, weights):
    """Saves a model whose signature `evaluate` returns scores [batch, C]: negated distances."""
    import tensorflow as tf

    roles = ROLES[kind]

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def evaluate(self, examples):
            spec = {f"{role}_x": tf.io.FixedLenFeature([DIMENSIONS], tf.float32) for role in roles}
            x = tf.io.parse_example(examples, spec)
            scale, first = tf.constant(weights, tf.float32), x[f"{roles[0]}_x"]
            columns = [
                -tf.reduce_sum(scale * (first - x[f"{role}_x"]) ** 2, axis=1) for role in roles[1:]
            ]
            return {"scores": tf.stack(columns, axis=1)}

    model = Model()
    folder = Path(path) / "Format-Serving"
    tf.saved_model.save(model, str(folder), signatures={"evaluate": model.evaluate})
    return folder


def scores_of(folder, records):
    """What the saved model says of the tuples: float32 [n, C]."""
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    return model.signatures["evaluate"](examples=tf.constant(records))["scores"].numpy()


class Run:
    """One run of the Evaluator: where its outputs are."""

    def __init__(self, folder):
        self.evaluation = os.fspath(folder / "evaluation")
        self.blessing = folder / "blessing"

    @property
    def blessed(self):
        return [path.name for path in self.blessing.iterdir()] == ["BLESSED"]


@pytest.fixture
def evaluate(tmp_path):
    """Runs the Evaluator's executor as TFX would: evaluate(config, records, model=…, …) -> Run.

    `corpus` is what `corpus.json` holds, `gates` what the recipe's `evaluation` says of the gates
    that hold by default; by default none. `tested`: tuples of a test split.
    """

    def run(
        config,
        records,
        *,
        model,
        baseline=None,
        schema=None,
        shards=1,
        name="run",
        beam_args=(),
        corpus=None,
        gates=None,
        tested=(),
    ):
        import tensorflow as tf
        from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
        from tfx.types import artifact_utils, standard_artifacts
        from tfx.utils import proto_utils

        from components.common.evaluation import corpus_results as corpora
        from components.evaluator.executor import Executor
        from relation.recipe import Evaluation

        root = tmp_path / name
        examples = standard_artifacts.Examples()
        examples.uri = str(root / "examples")
        examples.split_names = artifact_utils.encode_split_names(
            ["eval", *(["test"] if tested else [])]
        )
        examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
        split = root / "examples" / "Split-eval"
        split.mkdir(parents=True)
        for shard in range(shards):
            path = str(split / f"data_tfrecord-{shard:05d}-of-{shards:05d}.gz")
            with tf.io.TFRecordWriter(path, "GZIP") as writer:
                for record in records[shard::shards]:
                    writer.write(record)

        if tested:
            (root / "examples" / "Split-test").mkdir()
            path = str(root / "examples" / "Split-test" / "data_tfrecord-00000-of-00001.gz")
            with tf.io.TFRecordWriter(path, "GZIP") as writer:
                for record in tested:
                    writer.write(record)

        def artifact(kind, folder):
            result = kind()
            result.uri = str(folder)
            return result

        inputs = {
            "examples": [examples],
            "model": [artifact(standard_artifacts.Model, Path(model).parent)],
        }
        if baseline is not None:
            inputs["baseline_model"] = [artifact(standard_artifacts.Model, Path(baseline).parent)]
        if schema is not None:
            (root / "schema").mkdir()
            (root / "schema" / "schema.pbtxt").write_text(str(schema))
            inputs["schema"] = [artifact(standard_artifacts.Schema, root / "schema")]
        corpora.write(str(root / "corpus"), corpus or {"question": None, "embeddings": {}}, {})
        inputs["corpus_evaluation"] = [
            artifact(standard_artifacts.ModelEvaluation, root / "corpus")
        ]
        outputs = {
            "evaluation": [artifact(standard_artifacts.ModelEvaluation, root / "evaluation")],
            "blessing": [artifact(standard_artifacts.ModelBlessing, root / "blessing")],
        }
        context = BaseBeamExecutor.Context(
            beam_pipeline_args=list(beam_args), tmp_dir=str(root / "tmp"), unique_id="1"
        )
        properties = {
            "eval_config": proto_utils.proto_to_json(config),
            "example_splits": '["eval"]',
            "fairness_indicator_thresholds": "null",
            "gates": Evaluation(
                gates={"auc": {"min": 0}},
                **(gates or {"sanity": False, "slice_floor": False, "baseline": False}),
            ).model_dump_json(),
        }
        Executor(context).Do(inputs, outputs, properties)
        return Run(root)

    return run
