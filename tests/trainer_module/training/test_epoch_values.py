"""The metric that chooses the epoch, against scikit-learn, by hand, and as the Evaluator has it."""

import math
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from relation.core.errors import DataError, RecipeError
from relation.retrieval.distances import Similarity
from relation.retrieval.question import Question
from tests.relations import compiled
from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.data.batch_keys import Keys
from trainer_module.data.inputs import ONE_BATCH
from trainer_module.training import epoch_values
from trainer_module.training.callbacks.epoch_metric import EpochMetricMonitor
from trainer_module.training.epoch_metric import EpochMetric
from trainer_module.training.epoch_values import NeighbourValue, ValidationFiles
from trainer_module.training.training_run import TrainingRun

TRAINING = "{{epochs: {epochs}, batch_size: 16, learning_rate: 0.05, keep: {{best: {metric}}}, patience: 2, step: {step}}}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def files(folder):
    # By neighbours, so that tuples carry the keys of their members.
    return small_run.transformed(
        folder, training=TRAINING.format(metric="r_precision", epochs=1, step="keras")
    )


def _trained(folder, files, metric, epochs=4, step="keras"):
    training = TRAINING.format(metric=metric, epochs=epochs, step=step)
    run = TrainingRun(training_request(small_run.recipe(folder, training=training)), files)
    model, history = run.fit(str(folder / "logs"))
    return model, history, list(run._dataset(run._validation, None, ONE_BATCH)), run


@pytest.fixture(scope="module")
def by_auc(folder, files):
    return _trained(folder, files, "auc", epochs=12)


def test_the_kept_weights_have_the_best_auc_of_all_epochs(by_auc):
    model, history, batches, _ = by_auc
    outputs = np.concatenate([model.task.predictions(model(inputs)) for inputs, *_ in batches])
    labels = np.tile([1, 0], len(outputs))
    assert history.kept_metric == max(history.metric)
    assert history.kept_metric == pytest.approx(roc_auc_score(labels, outputs.ravel()), abs=1e-9)
    assert history.kept_epoch == history.metric.index(max(history.metric)) + 1


def test_patience_counts_epochs_without_a_better_metric(by_auc):
    _, history, _, _ = by_auc
    assert history.epochs == min(history.kept_epoch + 2, 12)


def test_neighbours_among_the_members_of_validation_tuples(folder, files):
    # No id is in two tuples.
    model, history, batches, run = _trained(folder, files, "r_precision", step="tape")
    roles = ("anchor", "positive", "negative")
    vectors = {
        role: np.concatenate([model.embed_roles(inputs, roles)[role] for inputs, *_ in batches])
        for role in roles
    }
    every = np.concatenate(list(vectors.values())).astype(np.float64)
    spec = {"TEXT_anchor_kind": tf.io.FixedLenFeature([1], tf.string)}
    dataset = tf.data.TFRecordDataset(run._validation, "GZIP").batch(1000)
    (kinds,) = [tf.io.parse_example(b, spec)["TEXT_anchor_kind"].numpy()[:, 0] for b in dataset]
    anchor = (kinds == b"1").astype(int)
    kind = np.concatenate([anchor, anchor, 1 - anchor])
    shares = []
    for row, vector in enumerate(every):
        others = np.delete(np.arange(len(every)), row)
        near = others[np.argsort(((every[others] - vector) ** 2).sum(axis=1))]
        matches = int((kind[others] == kind[row]).sum())
        shares.append((kind[near[:matches]] == kind[row]).mean())
    assert history.kept_metric == pytest.approx(np.mean(shares), abs=1e-6)
    assert history.kept_metric == max(history.metric)


def test_an_undefined_metric_is_the_worst_and_stops_where_it_never_is_a_number(by_auc):
    metric = EpochMetric("auc", "auc", None, "higher", "there is but one kind")
    values = iter([math.nan, 0.25, math.nan])
    monitor = EpochMetricMonitor(metric, lambda model, batches: next(values), None)
    monitor.set_model(by_auc[0])
    logs = [{}, {}]
    for epoch, one in enumerate(logs):
        monitor.on_epoch_end(epoch, one)
    assert logs == [{"val_auc": -math.inf}, {"val_auc": 0.25}]
    assert monitor.values == [None, 0.25]
    monitor.on_train_end()
    never = EpochMetricMonitor(metric, lambda model, batches: math.nan, None)
    never.set_model(by_auc[0])
    never.on_epoch_end(0, {})
    with pytest.raises(DataError) as error:
        never.on_train_end()
    assert str(error.value) == (
        "training.keep.best: 'auc' was undefined after every epoch (there is but one kind); "
        "expected another metric, or other validation tuples"
    )


class Pair(NamedTuple):
    """A tuple of an anchor and a candidate, by hashed ids."""

    left: int
    right: int
    related: float
    positives: tuple[int, ...] = ()
    elsewhere: tuple[int, ...] = ()


class Places:
    """A model whose embedding of an entity is a place on a line."""

    def embed_roles(self, inputs, roles):
        return {role: inputs[role] for role in roles}


SPEC = {
    "KEY_left_id": tf.io.VarLenFeature(tf.int64),
    "KEY_right_id": tf.io.VarLenFeature(tf.int64),
    "KEY_positive_ids": tf.io.VarLenFeature(tf.int64),
    "KEY_filtered_ids": tf.io.VarLenFeature(tf.int64),
    "relation": tf.io.FixedLenFeature([1], tf.float32),
}


def _written(path, pairs):
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for pair in pairs:
            integers = {
                "left_id": [pair.left],
                "right_id": [pair.right],
                "positive_ids": pair.positives,
                "filtered_ids": pair.elsewhere,
            }
            features = {
                f"KEY_{name}": tf.train.Feature(int64_list=tf.train.Int64List(value=values))
                for name, values in integers.items()
            }
            label = tf.train.FloatList(value=[pair.related])
            features["relation"] = tf.train.Feature(float_list=label)
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    return ValidationFiles([str(path)], SPEC)


def _value(path, pairs, places, metric="mrr", symmetric=False, shared=True):
    relation = compiled(
        {"user": "id", "item": "id"} if not symmetric else {"item": "id"},
        {
            "type": "pairs",
            "source": {"type": "edges", "edges": "likes", "symmetric": symmetric},
            "sampling": {"negatives_per_anchor": 1},
        },
        edges={
            "likes": {
                "left": {"entity": "item" if symmetric else "user", "id": "from"},
                "right": {"entity": "item", "id": "to"},
            }
        },
        split={"shared": ["item"] if symmetric else ["user", "item"]} if shared else {},
    )
    question = Question("item" if symmetric else "user", "item", "edges")
    value = NeighbourValue(
        EpochMetric(metric, metric, question, "higher", ""),
        Similarity.EUCLIDEAN,
        relation,
        _written(path, pairs),
        Keys(known_positives=True, filtered=shared),
    )
    batches = [
        (
            {
                "left": tf.constant([[places[p.left]] for p in part]),
                "right": tf.constant([[places[p.right]] for p in part]),
            },
            tf.zeros((len(part), 1)),
        )
        for part in (pairs[:2], pairs[2:])
        if part
    ]
    return value(Places(), batches)


PLACES = {1: 0.0, 2: 10.0, 11: 1.0, 12: 2.0, 13: 3.0, 14: 10.5}
PAIRS = [Pair(1, 13, 1.0), Pair(1, 11, 0.0), Pair(1, 12, 0.0), Pair(2, 14, 1.0)]


def test_related_tuples_say_what_a_query_should_find(tmp_path):
    # User 1 at 0: items 11, 12, 13 in this order, and 13 is liked: 1/3. User 2: the nearest is.
    assert _value(tmp_path / "a", PAIRS, PLACES) == pytest.approx((1 / 3 + 1) / 2)


def test_known_positives_of_the_anchor_count_and_those_of_other_splits_are_not_ranked(tmp_path):
    listed = [PAIRS[0]._replace(positives=(12, 13)), *PAIRS[1:]]
    assert _value(tmp_path / "a", listed, PLACES) == pytest.approx((1 / 2 + 1) / 2)
    # 11 is liked in training: the ranking is 12, 13. That 13 is liked there too changes nothing.
    left_out = [PAIRS[0]._replace(elsewhere=(11, 13)), *PAIRS[1:]]
    assert _value(tmp_path / "b", left_out, PLACES) == pytest.approx((1 / 2 + 1) / 2)


def test_without_other_splits_nothing_is_left_out(tmp_path):
    left_out = [PAIRS[0]._replace(elsewhere=(11,)), *PAIRS[1:]]
    value = _value(tmp_path / "a", left_out, PLACES, shared=False)
    assert value == pytest.approx((1 / 3 + 1) / 2)


def test_symmetric_edges_ask_from_both_ends(tmp_path):
    pairs = [Pair(1, 3, 1.0), Pair(1, 2, 0.0)]
    places = {1: 0.0, 2: 1.0, 3: 5.0}
    # 1 finds 2, then 3; 3 finds 2, then 1; 2 asks nothing.
    assert _value(tmp_path / "a", pairs, places, symmetric=True) == pytest.approx(0.5)


def test_any_k_chooses(tmp_path):
    # Of user 1 the third is liked, of user 2 the first.
    for k, expected in ((2, 0.5), (3, 1.0)):
        value = _value(tmp_path / str(k), PAIRS, PLACES, f"recall_at_{k}")
        assert value == pytest.approx(expected)


def test_broken_embeddings_have_no_value(tmp_path):
    assert math.isnan(_value(tmp_path / "a", PAIRS, {**PLACES, 12: math.inf}))


def test_queries_are_sampled_beyond_a_number_of_pairs(tmp_path, monkeypatch):
    monkeypatch.setattr(epoch_values, "PAIRS", 1)
    monkeypatch.setattr(epoch_values, "LEAST_QUERIES", 1)
    assert _value(tmp_path / "a", PAIRS, PLACES) in (pytest.approx(1 / 3), pytest.approx(1.0))


OF_TUPLES = (
    "auc, average_precision, accuracy, f1, equal_error_rate, triplet_accuracy, "
    "map_at_r, precision_at_1, r_precision, mrr, recall_at_5, recall_at_10, ndcg_at_5, ndcg_at_10, "
    "or precision_at_k, recall_at_k or ndcg_at_k of another k below 10,000"
)


@pytest.mark.parametrize(
    ("metric", "head", "expected"),
    [
        ("lrap", "squared_distance", OF_TUPLES),
        ("threshold", "squared_distance", OF_TUPLES),
        ("recall_at_10", "concat_mlp", OF_TUPLES.partition(", map_at_r")[0]),
        ("map_at_rr", "squared_distance", OF_TUPLES + "; did you mean 'map_at_r'?"),
    ],
)
def test_a_metric_that_the_relation_cannot_have_is_refused(tmp_path, metric, head, expected):
    loaded = small_run.recipe(
        tmp_path,
        training=f"{{keep: {{best: {metric}}}}}",
        model=f"{{tower: {{type: dense, dense: [8], embedding: 4}}, head: {{type: {head}}}, loss: {{type: pairwise_logistic}}}}",
    )
    with pytest.raises(RecipeError) as error:
        training_request(loaded)
    assert str(error.value) == (
        f"training.keep.best: got '{metric}', by which epochs of this relation and head cannot be "
        f"compared; expected one of {expected}"
    )
