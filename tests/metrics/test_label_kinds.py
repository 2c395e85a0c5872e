"""The Evaluator over a model of each kind of answer, against scikit-learn and SciPy."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from sklearn import metrics as sklearn

from components.common.evaluation import evaluation_results
from relation import spec
from relation.recipe import Evaluation, Gate
from relation.spec import LabelKind
from trainer_module.metrics import registry
from trainer_module.metrics.eval_config import eval_config

N = 60
RELATIONS = {
    "scalar": spec.pairs("item", "item", LabelKind.SCALAR),
    "vector": spec.pairs("item", "item", LabelKind.VECTOR, 3),
    "class": spec.pairs("item", "item", LabelKind.CLASS),
    "tags": spec.tags("item", 4),
    "lists": spec.lists("item", "query", 6),
    "ranked_pairs": spec.ranked_pairs("item", None),
    "ntuples": spec.ntuples("item", "item", 1, 3),
    "image": spec.rows((spec.Role("photo", "a"), spec.Role("mask", "b")), LabelKind.IMAGE, 1),
}
WIDTHS = {"scalar": 1, "vector": 3, "class": 5, "tags": 4, "lists": 6, "ranked_pairs": 2}
WIDTHS["image"] = 2 * 49  # Pixels that are answered, then those that should be.


def _model(folder, role, columns):
    """A model that answers with the feature `x` of the first role."""

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def evaluate(self, examples):
            spec = {f"{role}_x": tf.io.FixedLenFeature([columns], tf.float32)}
            return {"scores": tf.io.parse_example(examples, spec)[f"{role}_x"]}

    model = Model()
    path = folder / "Format-Serving"
    tf.saved_model.save(model, str(path), signatures={"evaluate": model.evaluate})
    return path


def _answers(kind, rng):
    """Scores [n, C], labels [n, width] and weights [n] of tuples, float32."""
    columns = WIDTHS.get(kind, 4)
    scores = rng.random((N, columns)).round(1)
    labels = {
        "scalar": lambda: scores + rng.normal(size=(N, 1)),
        "vector": lambda: scores + rng.normal(size=(N, 3)),
        "class": lambda: rng.integers(0, 5, (N, 1)),
        "tags": lambda: rng.random((N, 4)).round(1),
        "lists": lambda: np.where(
            np.arange(6) < rng.integers(2, 7, (N, 1)), rng.integers(0, 3, (N, 6)), -1
        ),
        "ranked_pairs": lambda: rng.integers(1, 4, (N, 1)),
        "ntuples": lambda: np.zeros((N, 0)),
        "image": lambda: np.zeros((N, 0)),
    }[kind]()
    return tuple(np.asarray(part, np.float32) for part in (scores, labels, rng.random(N)))


def _records(role, scores, labels, weights):
    for row, label, weight in zip(scores, labels, weights, strict=True):
        example = tf.train.Example()
        values = {f"{role}_x": row, "relation": label, "relation_weight": [weight]}
        for name, numbers in values.items():
            if len(numbers):
                example.features.feature[name].float_list.value.extend(numbers)
        side = b"high" if row[0] > 0.5 else b"low"
        example.features.feature[f"{role}_side"].bytes_list.value.append(side)
        yield example.SerializeToString()


def _expected(kind, scores, labels, weights):
    """Some of the metrics, by other libraries."""
    scores, labels, weights = (part.astype(float) for part in (scores, labels, weights))
    if kind == "scalar":
        return {
            "mae": sklearn.mean_absolute_error(labels, scores, sample_weight=weights),
            "spearman": stats.spearmanr(scores, labels)[0],
            "kendall": stats.kendalltau(scores, labels)[0],
        }
    if kind == "vector":
        return {
            "mse": sklearn.mean_squared_error(labels, scores, sample_weight=weights),
            "r2": sklearn.r2_score(labels, scores, sample_weight=weights),
        }
    if kind == "image":
        pair = scores[:, 49:], scores[:, :49]  # What should be answered, what is.
        return {
            "r2": sklearn.r2_score(*pair, sample_weight=weights),
            "score_spread": scores[:, :49].std(axis=0).max(),
            "mae": sklearn.mean_absolute_error(*pair, sample_weight=weights),
            "mse": sklearn.mean_squared_error(*pair, sample_weight=weights),
        }
    if kind == "class":
        said = scores.argmax(axis=1)
        return {
            "accuracy": sklearn.accuracy_score(labels, said, sample_weight=weights),
            "macro_f1": sklearn.f1_score(labels, said, average="macro", sample_weight=weights),
        }
    if kind == "tags":
        has = labels >= 0.5
        return {
            "lrap": sklearn.label_ranking_average_precision_score(
                has, scores, sample_weight=weights
            ),
            "hamming": sklearn.hamming_loss(has, scores >= 0.5, sample_weight=weights),
            "mae": sklearn.mean_absolute_error(labels, scores, sample_weight=weights),
        }
    if kind == "lists":
        kept = (labels > 0).any(axis=1)
        gains = np.where(labels < 0, 0, 2**labels - 1)
        shown = np.where(labels < 0, -1, scores)
        own = {"sample_weight": weights[kept]}
        return {
            "ndcg_at_1": sklearn.ndcg_score(gains[kept], shown[kept], k=1, **own),
            "ndcg_at_5": sklearn.ndcg_score(gains[kept], shown[kept], k=5, **own),
            "lists_without_relevant": N - kept.sum(),
        }
    first, others = scores[:, :1], scores[:, 1:]
    accuracy = np.average((first > others).all(axis=1), weights=weights)
    if kind == "ranked_pairs":
        return {"triplet_accuracy": accuracy}
    truth = np.tile([True, False, False, False], N)
    repeated = {"sample_weight": np.repeat(weights, 4)}
    return {
        "triplet_accuracy": accuracy,
        "mrr": np.average(1 / (1 + (others >= first).sum(axis=1)), weights=weights),
        "auc": sklearn.roc_auc_score(truth, scores.ravel(), **repeated),
        "average_precision": sklearn.average_precision_score(truth, scores.ravel(), **repeated),
    }


def _config(kind, gates, weighted, slices=("side",)):
    relation = RELATIONS[kind]
    return eval_config(
        relation,
        Evaluation(gates=gates, slices=slices),
        signature="evaluate",
        code_fingerprint="",
        slice_role=relation.roles[0].name,
        weighted=weighted,
        image=(7, 7, 1) if kind == "image" else None,
    )


@pytest.mark.parametrize("kind", RELATIONS)
def test_every_kind_of_label_is_measured_with_weights_in_any_order(kind, evaluate, tmp_path):
    answers = _answers(kind, np.random.default_rng(0))
    role = RELATIONS[kind].roles[0].name
    model = _model(tmp_path / "model", role, answers[0].shape[1])
    records = list(_records(role, *answers))
    name = registry.metrics_of(RELATIONS[kind])[0]
    config = _config(kind, {name: Gate(min=-10, max=10), "examples": Gate(min=N)}, True)

    one = evaluation_results.read_verdict(evaluate(config, records, model=model).evaluation)
    many = evaluation_results.read_verdict(
        evaluate(config, records[::-1], model=model, shards=5, name="many").evaluation
    )

    expected = _expected(kind, *answers)
    assert set(one.metrics) == set(registry.metrics_of(RELATIONS[kind]))
    assert all(map(math.isfinite, one.metrics.values()))
    assert {name: one.metrics[name] for name in expected} == pytest.approx(expected, rel=1e-6)
    assert set(one.slices) == {(f"{role}_side", "high"), (f"{role}_side", "low")}
    assert one.blessed
    assert many == one


@pytest.mark.parametrize("weighted", [False, True])
def test_beside_a_baseline(weighted, evaluate, tmp_path):
    scores, labels, weights = _answers("vector", np.random.default_rng(0))
    model = _model(tmp_path / "model", "left", 3)
    same = _model(tmp_path / "same", "left", 3)
    records = list(_records("left", scores, labels, weights))
    config = _config("vector", {"r2": Gate(max_drop=0), "mae": Gate(max=0.1)}, weighted, ())

    actual = evaluation_results.read_verdict(
        evaluate(config, records, model=model, baseline=same).evaluation
    )

    errors = np.abs(scores.astype(float) - labels).mean(axis=1)
    mae = np.average(errors, weights=weights if weighted else None)
    assert actual.metrics["mae"] == pytest.approx(mae, rel=1e-6)
    assert actual.baseline == pytest.approx(actual.metrics)
    passed = {(gate.metric, gate.bound): gate.passed for gate in actual.gates}
    assert passed["r2", "max_drop"]
    assert not passed["mae", "max"]
    assert not actual.blessed


@pytest.mark.parametrize(
    ("kind", "label", "weight", "message"),
    [
        ("vector", [1, 2], 1, "its label as 3 numbers, each a finite number"),
        ("scalar", [math.nan], 1, "its label as a finite number"),
        ("class", [5], 1, "its label as the index of a class"),
        ("class", [0.5], 1, "its label as the index of a class"),
        ("tags", [0, 1, 2, 0], 1, "its label as 4 numbers, each a number from 0 to 1"),
        ("scalar", [1], -1, "and a weight that is not negative"),
    ],
)
def test_what_cannot_be_is_refused(kind, label, weight, message):
    from tensorflow_model_analysis.metrics import metric_types

    from trainer_module.metrics.collected import form_of
    from trainer_module.metrics.tfma_metrics import CollectTuples

    combiner = CollectTuples("key", form_of(RELATIONS[kind]), True, "")
    element = metric_types.StandardMetricInputs(
        predictions=np.ones(WIDTHS[kind]),
        labels=np.array(label),
        example_weights=np.array([weight]),
    )
    with pytest.raises(ValueError, match="expected"):
        combiner.add_input(combiner.create_accumulator(), element)
    assert message in str(combiner)


def test_of_an_image_the_answer_comes_first_and_a_constant_one_has_no_spread():
    """The gate `sanity` refuses what has no spread, however much the label images vary."""
    from tensorflow_model_analysis.metrics import metric_types

    from trainer_module.metrics.collected import form_of
    from trainer_module.metrics.tfma_metrics import CollectTuples

    form = form_of(RELATIONS["image"])
    combiner = CollectTuples("key", form, False, "")
    answer, expected = np.full(49, 0.5, "f4"), np.random.default_rng(0).random((5, 49), "f4")
    accumulator = combiner.create_accumulator()
    for label in expected:
        element = metric_types.StandardMetricInputs(predictions=np.concatenate([answer, label]))
        accumulator = combiner.add_input(accumulator, element)
    tuples = combiner.extract_output(accumulator)["key"]
    assert (tuples.scores == 0.5).all()
    np.testing.assert_array_equal(np.sort(tuples.labels, axis=0), np.sort(expected, axis=0))
    assert registry.table_of(form)["score_spread"].compute(tuples) == 0
