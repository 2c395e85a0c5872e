"""Models that must not be served, through CorpusEvaluator, Evaluator and Pusher as TFX runs them.

A good model is served. Each bad one comes after it, with the good one as the last blessed model: it
is refused by the gate that is there for it, and what is served stays as it is.
"""

import json
import math

import numpy as np
import pytest
import tensorflow as tf
from tfx.components.evaluator import constants
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import proto_utils

from components.common.evaluation.evaluation_results import read_verdict
from components.corpus_evaluator.executor import Executor as CorpusEvaluator
from components.corpus_evaluator.request import CorpusRequest
from components.evaluator.executor import Executor as Evaluator
from components.pusher.executor import Executor as Pusher
from demo_data.rows import example
from relation.recipe import Evaluation
from relation.schema import Feature, FeatureKind
from tests.relations import compiled
from trainer_module.metrics.eval_config import eval_config

N, SIZE = 320, 6
ROLES = ("anchor", "positive", "negative")
GOOD, POOR, NOISE = (1, 1, 0, 0, 0, 0), (1, 1, 2.5, 2.5, 0, 0), (0, 0, 1, 1, 1, 1)
"""Weights of the numbers: two tell the label, four are noise."""
MODELS = {
    "collapsed": ((0,) * SIZE, None, 3.0),
    "broken": (GOOD, None, math.nan),
    "noise": (NOISE, None, 0.0),
    "south": (GOOD, NOISE, 0.0),
    "poor": (POOR, None, 0.0),
}
"""Weights at the site north, and at the site south where others hold; what is added."""
ASKED = compiled(
    {"item": "id"}, {"type": "triplets", "source": {"type": "same_label", "feature": "label"}}
)
EVALUATION = Evaluation.model_validate(
    {
        "gates": {"auc": {"min": 0.8, "max_drop": 0.1}},
        "slices": ["site"],
        "slice_floor": {"auc": 0.7, "map_at_r": 0.5},
        "corpus": {"gates": {"map_at_r": {"min": 0.5, "max_drop": 0.2}}},
    }
)
SCHEMA = "\n".join(
    f'feature {{ name: "{name}" type: {kind} presence {{ min_fraction: 1 }} '
    f"shape {{ dim {{ size: {size} }} }} }}"
    for name, kind, size in (
        ("id", "BYTES", 1),
        ("x", "FLOAT", SIZE),
        ("label", "INT", 1),
        ("site", "BYTES", 1),
    )
)
REQUEST = CorpusRequest(
    compiled=ASKED,
    features={"item": (Feature(name="x", kind=FeatureKind.NUMERIC, dtype="float", width=SIZE),)},
    schemas={"item": SCHEMA},
    similarity="euclidean",
    references="eval",
    slices=("site",),
)


def _entities(seed):
    """Entities of three labels; every tenth is at the site south."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=N)
    x = rng.normal(size=(N, SIZE))
    x[:, 0] += 6 * (labels == 1)
    x[:, 1] += 6 * (labels == 2)
    sites = np.where(np.arange(N) % 10, b"north", b"south")
    return [b"%d-%d" % (seed, n) for n in range(N)], x, labels, sites


def _values(entities, row, prefix=""):
    ids, x, labels, sites = (values[row] for values in entities)
    values = {"id": ids, "x": x, "label": int(labels), "site": sites}
    return {f"{prefix}{name}": value for name, value in values.items()}


def _rows(entities):
    return [example(_values(entities, row)) for row in range(N)]


def _tuples(entities, seed):
    """A triplet of each entity."""
    rng, labels = np.random.default_rng(seed), entities[2]
    for anchor in range(N):
        like = labels == labels[anchor]
        positive = rng.choice(np.flatnonzero(like & (np.arange(N) != anchor)))
        negative = rng.choice(np.flatnonzero(~like))
        members = zip(ROLES, (anchor, positive, negative), strict=True)
        values = [_values(entities, row, f"{role}_") for role, row in members]
        yield example(values[0] | values[1] | values[2])


def _save(path, north, south, added):
    """A model whose embedding is x times weights; it scores by minus the squared distance."""
    weights = tf.constant([north, south or north], tf.float32)

    def vectors(examples, prefix=""):
        spec = {
            f"{prefix}x": tf.io.FixedLenFeature([SIZE], tf.float32),
            f"{prefix}site": tf.io.FixedLenFeature([], tf.string),
        }
        found = tf.io.parse_example(examples, spec)
        site = tf.cast(found[f"{prefix}site"] == b"south", tf.int32)
        return found[f"{prefix}x"] * tf.gather(weights, site) + added

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def embed(self, examples):
            return {"embedding": vectors(examples)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def evaluate(self, examples):
            anchor, *others = (vectors(examples, f"{role}_") for role in ROLES)
            columns = [-tf.reduce_sum((anchor - other) ** 2, axis=1) for other in others]
            return {"scores": tf.stack(columns, axis=1)}

    model = Model()
    signatures = {"embed_item": model.embed, "evaluate": model.evaluate}
    tf.saved_model.save(model, f"{path}/Format-Serving", signatures=signatures)
    return str(path)


def _artifact(kind, uri):
    found = kind()
    found.uri = str(uri)
    return found


class Chain:
    """The nodes after the Trainer, and the folder that models are served from."""

    def __init__(self, root):
        self._root, self._serving = root, root / "serving"
        for split, seed in (("train", 1), ("eval", 0)):
            entities = _entities(seed)
            self._write("examples", split, _rows(entities))
            self._write("tuples", split, _tuples(entities, seed))
        self.good = _save(root / "good", GOOD, None, 0.0)

    def _write(self, name, split, examples):
        folder = self._root / name / f"Split-{split}"
        folder.mkdir(parents=True)
        path = str(folder / "data_tfrecord-00000-of-00001.gz")
        with tf.io.TFRecordWriter(path, "GZIP") as writer:
            for example in examples:
                writer.write(example.SerializeToString())

    def _examples(self, name):
        found = _artifact(standard_artifacts.Examples, self._root / name)
        found.split_names = artifact_utils.encode_split_names(["train", "eval"])
        found.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
        return [found]

    def run(self, name, model, blessed=None):
        """What the Evaluator says, whether its blessing is one, and whether a version was pushed."""
        root = self._root / f"run-{name}"
        context = BaseBeamExecutor.Context(tmp_dir=str(root / "tmp"), unique_id="1")
        models = {
            "model": [_artifact(standard_artifacts.Model, model)],
            "baseline_model": [_artifact(standard_artifacts.Model, blessed)] if blessed else [],
        }
        corpus = [_artifact(standard_artifacts.ModelEvaluation, root / "corpus")]
        CorpusEvaluator(context).Do(
            {**models, "examples": self._examples("examples"), "tuples": self._examples("tuples")},
            {"corpus_evaluation": corpus},
            {"request": REQUEST.model_dump_json()},
        )
        evaluation = [_artifact(standard_artifacts.ModelEvaluation, root / "evaluation")]
        blessing = [_artifact(standard_artifacts.ModelBlessing, root / "blessing")]
        config = eval_config(
            ASKED.tuples, EVALUATION, signature="evaluate", code_fingerprint="", slice_role="anchor"
        )
        Evaluator(context).Do(
            {**models, "examples": self._examples("tuples"), "corpus_evaluation": corpus},
            {"evaluation": evaluation, "blessing": blessing},
            {
                "eval_config": proto_utils.proto_to_json(config),
                "example_splits": '["eval"]',
                "fairness_indicator_thresholds": "null",
                "gates": EVALUATION.model_dump_json(),
            },
        )
        pushed = _artifact(standard_artifacts.PushedModel, root / "pushed")
        destination = {"filesystem": {"base_directory": str(self._serving)}}
        Pusher().Do(
            {"model": models["model"], "model_blessing": blessing, "evaluation": evaluation},
            {"pushed_model": [pushed]},
            {"push_destination": json.dumps(destination), "custom_config": "null"},
        )
        said = blessing[0].get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY)
        verdict = read_verdict(str(root / "evaluation"))
        assert verdict.blessed is (said == constants.BLESSED_VALUE)
        return verdict, pushed

    @property
    def served(self):
        """What every file of every version holds."""
        files = (path for path in self._serving.rglob("*") if path.is_file())
        return {str(path.relative_to(self._serving)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """A chain that serves the good model."""
    made = Chain(tmp_path_factory.mktemp("planted"))
    verdict, pushed = made.run("good", made.good)
    assert verdict.blessed, verdict.to_text()
    assert pushed.get_int_custom_property("added") == 1
    return made


@pytest.mark.parametrize(
    ("name", "gates", "alone"),
    [
        ("collapsed", {("collapse", "effective_rank"), ("collapse", "spread")}, False),
        ("broken", {("sanity", "score_spread"), ("sanity", "finite")}, False),
        ("noise", {("baseline", "map_at_r")}, False),
        ("south", {("slice", "map_at_r"), ("slice", "auc")}, True),
        ("poor", {("change", "map_at_r")}, True),
    ],
)
def test_a_planted_model_is_refused_and_what_is_served_stays(name, gates, alone, chain, tmp_path):
    before = chain.served
    verdict, pushed = chain.run(name, _save(tmp_path / name, *MODELS[name]), chain.good)
    refused = {(gate.kind, gate.metric): gate for gate in verdict.gates if not gate.passed}
    assert not verdict.blessed
    assert gates == refused.keys() if alone else gates < refused.keys(), verdict.to_text()
    for gate in map(refused.get, gates):
        least = gate.baseline - gate.threshold if gate.kind == "change" else gate.threshold
        assert not gate.value >= least, gate
    assert pushed.get_int_custom_property("pushed") == 0
    assert chain.served == before
    assert len({path.split("/")[0] for path in before}) == 1
