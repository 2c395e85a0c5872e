"""The CorpusEvaluator over small SavedModels, and the verdict on models that must be refused."""

import json
import math

import numpy as np
import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils, standard_artifacts

from components.common.evaluation import corpus_results
from components.common.evaluation.evaluation_results import Verdict
from components.corpus_evaluator.executor import Executor
from components.corpus_evaluator.request import CorpusRequest
from components.evaluator.tuple_gates import apply_gates
from demo_data.rows import example
from relation.recipe import Evaluation
from relation.retrieval.distances import Similarity
from relation.schema import Feature, FeatureKind
from tests.corpus_evaluator.test_retrieval import labelled
from tests.corpus_evaluator.test_retrieval import oracle as definitions
from tests.relations import compiled

N, SIZE = 150, 6
GOOD, POOR, NOISE = (1, 1, 0, 0, 0, 0), (0.2, 0.2, 1, 1, 1, 1), (0, 0, 1, 1, 1, 1)
FEATURES = (Feature(name="x", kind=FeatureKind.NUMERIC, dtype="float", width=SIZE),)
SCHEMA = "\n".join(
    f'feature {{ name: "{name}" type: {kind} presence {{ min_fraction: 1 }} shape {{ dim {{ size: {n} }} }} }}'
    for name, kind, n in (
        ("id", "BYTES", 1),
        ("x", "FLOAT", SIZE),
        ("label", "INT", 1),
        ("site", "BYTES", 1),
    )
)
SAID_OF_TUPLES = Verdict(
    blessed=True, gates=(), metrics={"score_spread": 1.0}, slices={}, baseline=None
)


def rows(n=N, seed=0):
    """Entities of three labels; two numbers tell the label, four are noise. Two sites."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(n):
        label = int(rng.integers(3))
        x = rng.normal(size=SIZE)
        x[:2] += 6 * (label == 1), 6 * (label == 2)
        site = b"north" if number % 3 else b"south"
        found.append(
            example({"id": b"%d-%d" % (seed, number), "x": x, "label": label, "site": site})
        )
    return found


def save(path, at_north=GOOD, at_south=None, constant=0.0):
    """A model whose embedding is x times weights, by site."""
    weights = tf.constant([at_north, at_south or at_north], tf.float32)

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def embed(self, examples):
            spec = {
                "x": tf.io.FixedLenFeature([SIZE], tf.float32),
                "site": tf.io.FixedLenFeature([], tf.string),
            }
            found = tf.io.parse_example(examples, spec)
            site = tf.cast(found["site"] == b"south", tf.int32)
            return {"embedding": found["x"] * tf.gather(weights, site) + constant}

    model = Model()
    tf.saved_model.save(model, f"{path}/Format-Serving", signatures={"embed_item": model.embed})
    return path


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory):
    """evaluate(model folder, blessed folder, …) -> what `corpus.json` holds, and the arrays."""
    count = iter(range(100))

    def artifact(kind, uri, splits=()):
        found = kind()
        found.uri = str(uri)
        if splits:
            found.split_names = artifact_utils.encode_split_names(list(splits))
        return found

    def write(folder, split, records, shards):
        (folder / f"Split-{split}").mkdir(parents=True)
        for shard in range(shards):
            path = folder / f"Split-{split}" / f"data_tfrecord-{shard:05d}-of-{shards:05d}.gz"
            with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
                for record in records[shard::shards]:
                    writer.write(record.SerializeToString())

    def run(
        model,
        blessed=None,
        *,
        references="eval",
        slices=("site",),
        shards=1,
        beam_args=(),
        more_rows=(),
        seeds=(1, 0),
    ):
        root = tmp_path_factory.mktemp(f"run{next(count)}")
        seed_of = dict(zip(("train", "eval", "test"), seeds, strict=False))
        for split, seed in seed_of.items():
            write(root / "examples", split, [*rows(seed=seed), *more_rows], shards)
            write(root / "tuples", split, [tf.train.Example()], 1)
        examples = standard_artifacts.Examples
        inputs = {
            "examples": [artifact(examples, root / "examples", seed_of)],
            "tuples": [artifact(examples, root / "tuples", seed_of)],
            "model": [artifact(standard_artifacts.Model, model)],
            "baseline_model": [artifact(standard_artifacts.Model, blessed)] if blessed else [],
        }
        source = {"type": "same_label", "feature": "label"}
        request = CorpusRequest(
            compiled=compiled(
                {"item": "id"},
                {"type": "triplets", "source": source},
                split={"test": len(seeds) - 2},
            ),
            features={"item": FEATURES},
            schemas={"item": SCHEMA},
            similarity="euclidean",
            references=references,
            slices=slices,
        )
        context = BaseBeamExecutor.Context(
            beam_pipeline_args=list(beam_args), tmp_dir=str(root / "tmp"), unique_id="1"
        )
        output = artifact(standard_artifacts.ModelEvaluation, root / "out")
        Executor(context).Do(
            inputs, {"corpus_evaluation": [output]}, {"request": request.model_dump_json()}
        )
        return corpus_results.read(output.uri), corpus_results.read_arrays(output.uri)

    return run


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folders of SavedModels by name."""
    root = tmp_path_factory.mktemp("models")
    return {
        "good": save(root / "good"),
        "poor": save(root / "poor", POOR),
        "noise": save(root / "noise", NOISE),
        "collapsed": save(root / "collapsed", (0,) * SIZE, constant=3.0),
        "broken": save(root / "broken", constant=math.nan),
        "south": save(root / "south", GOOD, NOISE),
    }


def gates(found, **evaluation):
    """The gates that a model does not pass, by kind."""
    asked = Evaluation(gates={"auc": {"min": 0}}, **evaluation)
    verdict = apply_gates(SAID_OF_TUPLES, found, asked)
    broken = [gate for gate in verdict.gates if not gate.passed]
    assert verdict.blessed is (not broken)
    return {gate.kind: gate for gate in broken}


def test_rows_that_make_no_tuple_are_not_measured(models, evaluate):
    without_number, without_label = rows(2, seed=2)
    without_number.features.feature["x"].float_list.value[0] = math.nan
    del without_label.features.feature["label"]
    expected, _ = evaluate(models["good"])
    actual, _ = evaluate(models["good"], more_rows=(without_number, without_label))
    assert actual == expected


def test_the_test_split_is_measured_as_eval_is_and_changes_nothing_else(models, evaluate):
    eval_alone, arrays = evaluate(models["good"])
    test_alone, _ = evaluate(models["good"], seeds=(1, 2))
    both, same_arrays = evaluate(models["good"], seeds=(1, 0, 2))
    tested = both.pop("test")
    assert both == eval_alone
    assert tested["question"].pop("queries") == tested["question"].pop("references") == "test"
    assert test_alone["question"].pop("queries") == "eval"
    del test_alone["question"]["references"]
    assert tested == test_alone != eval_alone
    assert all(np.array_equal(arrays[name], same_arrays[name]) for name in arrays)


def test_metrics_agree_with_the_definitions(models, evaluate):
    actual, arrays = evaluate(models["good"])
    entities = sorted(rows(), key=lambda e: e.features.feature["id"].bytes_list.value[0])
    vectors = [list(e.features.feature["x"].float_list.value)[:2] for e in entities]
    labels = [e.features.feature["label"].int64_list.value[0] for e in entities]
    points = labelled(vectors, [chr(97 + label) for label in labels])
    expected = definitions(points, points, Similarity.EUCLIDEAN, True, (1, 5, 10))
    for name, metric in actual["spaces"]["model"].items():
        assert metric["value"] == pytest.approx(np.mean(expected[name]), abs=1e-6), name
        error = 1.96 * np.std(expected[name], ddof=1) / math.sqrt(N)
        assert metric["value"] - metric["low"] == pytest.approx(error, abs=1e-4), name
    assert actual["counts"] == {
        "queries": N,
        "references": N,
        "measured": N,
        "without_match": 0,
        "sampled": False,
        "float64": True,
    }
    assert actual["question"]["labels"] == 3
    assert actual["trivial_by"] == "raw features"
    means = {name: space["map_at_r"]["value"] for name, space in actual["spaces"].items()}
    assert actual["trivial_candidates"] == [{"by": "raw features", "value": means["trivial"]}]
    assert actual["gain"]["value"] == pytest.approx(means["model"] - means["trivial"])
    assert actual["gain"]["low"] < actual["gain"]["value"] < actual["gain"]["high"] < 1
    assert [(s["feature"], s["value"], s["queries"]) for s in actual["slices"]] == [
        ("site", "north", 100),
        ("site", "south", 50),
    ]
    assert gates(actual, slice_floor={"map_at_r": 0.5}) == {}
    worst = arrays["query_map_at_r"][arrays["query_worst"]]
    assert worst.tolist() == sorted(worst)
    assert worst[0] == pytest.approx(min(expected["map_at_r"]))
    assert arrays["neighbour_id"].shape == (120, 10)
    own = dict(zip([f"0-{i}" for i in range(N)], [None] * N, strict=True))
    own |= {
        e.features.feature["id"].bytes_list.value[0].decode(): label
        for e, label in zip(entities, labels, strict=True)
    }
    for query, near, relevant in zip(
        arrays["query_id"], arrays["neighbour_id"], arrays["neighbour_relevant"], strict=True
    ):
        assert query not in near
        assert relevant.tolist() == [own[id_] == own[query] for id_ in near]


def test_references_may_be_training_entities(models, evaluate):
    actual, arrays = evaluate(models["good"], references="train")
    assert actual["counts"]["references"] == N
    assert all(id_.startswith("1-") for id_ in arrays["neighbour_id"].ravel())


def test_shards_and_workers_change_no_bit(models, evaluate):
    one = evaluate(models["poor"])
    threads = ["--direct_num_workers=2", "--direct_running_mode=multi_threading"]
    many = evaluate(models["poor"], shards=5, beam_args=threads)
    assert json.dumps(one[0]) == json.dumps(many[0])
    assert all(one[1][name].tolist() == many[1][name].tolist() for name in one[1])


def test_a_collapsed_model_is_refused(models, evaluate):
    actual, _ = evaluate(models["collapsed"])
    refused = gates(actual)
    assert set(refused) == {"collapse", "baseline"}
    assert (refused["collapse"].metric, refused["collapse"].value) == ("effective_rank", 0)
    assert (refused["collapse"].threshold, refused["collapse"].place) == (1.5, "item")
    assert gates(actual, collapse=False, baseline=False) == {}


def test_a_model_that_answers_nan_is_refused(models, evaluate):
    actual, arrays = evaluate(models["broken"])
    refused = gates(actual)
    assert (refused["sanity"].metric, refused["sanity"].value) == ("finite", 0)
    assert (refused["sanity"].threshold, refused["sanity"].part) == (1.0, "corpus")
    assert arrays == {}


def test_a_model_that_is_worse_than_raw_features_is_refused(models, evaluate):
    actual, _ = evaluate(models["noise"])
    refused = gates(actual)
    assert set(refused) == {"baseline"}
    trivial = actual["spaces"]["trivial"]["map_at_r"]["value"]
    assert refused["baseline"].metric == "map_at_r"
    assert refused["baseline"].value == actual["spaces"]["model"]["map_at_r"]["value"] < trivial
    assert refused["baseline"].threshold == trivial


def test_a_model_that_is_bad_on_one_slice_is_refused(models, evaluate):
    actual, _ = evaluate(models["south"])
    refused = gates(actual, baseline=False, slice_floor={"precision_at_1": 0.8})
    assert set(refused) == {"slice"}
    assert (refused["slice"].metric, refused["slice"].place) == ("precision_at_1", "site=south")
    assert refused["slice"].value < refused["slice"].threshold == 0.8
    overall = actual["spaces"]["model"]["precision_at_1"]["value"]
    assert overall > refused["slice"].value + 0.1


def test_a_model_that_is_worse_than_the_blessed_one_is_refused(models, evaluate):
    actual, _ = evaluate(models["poor"], models["good"])
    asked = {"corpus": {"gates": {"map_at_r": {"max_drop": 0.05}}}, "baseline": False}
    refused = gates(actual, **asked)
    assert set(refused) == {"change"}
    assert refused["change"].threshold == 0.05
    assert refused["change"].baseline == actual["spaces"]["blessed"]["map_at_r"]["value"]
    assert refused["change"].value == actual["spaces"]["model"]["map_at_r"]["value"]
    better, _ = evaluate(models["good"], models["poor"])
    assert gates(better, **asked) == {}
