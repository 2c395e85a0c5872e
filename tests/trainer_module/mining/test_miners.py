"""Miners against loops over every triplet, in float64."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer_module.losses.base import WholeBatch
from trainer_module.losses.cosent import Cosent
from trainer_module.losses.pairwise_logistic import PairwiseLogistic
from trainer_module.losses.soft_triplet import SoftTriplet
from trainer_module.losses.triplet import Triplet
from trainer_module.mining.base import Miner
from trainer_module.mining.batch_all import BatchAll
from trainer_module.mining.batch_hard import BatchHard
from trainer_module.mining.batch_semi_hard import BatchSemiHard
from trainer_module.mining.distance_weighted import DistanceWeighted
from trainer_module.ops import weighted_mean
from trainer_module.registry import MINERS

MINED = [BatchHard(), BatchSemiHard(), BatchAll(), DistanceWeighted(dimension=3)]
every_miner = pytest.mark.parametrize("miner", MINED, ids=lambda miner: type(miner).__name__)


def _batch(seed: int, size: int = 12, classes: int = 4, decimals: int = 1):
    """Squared-distance scores, positives and valid columns; coarse, so that there are ties."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(size, 2)).round(decimals)
    groups = rng.integers(0, classes, size)
    scores = -((points[:, None] - points[None]) ** 2).sum(-1)
    return scores.round(4), groups[:, None] == groups[None], ~np.eye(size, dtype=bool)


def _mean(miner, loss, scores, positive, valid, weight=None, dtype="float32", **more) -> float:
    mined = miner(
        loss, tf.constant(scores, dtype), tf.constant(positive), tf.constant(valid), **more
    )
    assert mined.losses.dtype.name in ("float32", "float64")
    weights = mined.counts if weight is None else mined.counts * tf.constant(weight)[:, None]
    return float(weighted_mean(mined.losses, weights))


def _hinges(scores, positive, valid, choose, margin=1.0) -> list[float]:
    """Hinge losses of what `choose` picks from the scores of each row's positives and negatives."""
    rows = zip(scores, positive, valid, strict=True)
    chosen = [pair for s, p, v in rows for pair in choose(s[p & v], s[~p & v])]
    return [max(0.0, margin - (near - far)) for near, far in chosen]


def _hard(positives, negatives):
    return [(min(positives), max(negatives))] if len(positives) and len(negatives) else []


def _semi_hard(positives, negatives):
    if not len(negatives):
        return []
    return [(p, max([n for n in negatives if n < p], default=min(negatives))) for p in positives]


def _all(positives, negatives):
    return [(p, n) for p in positives for n in negatives]


def _average(losses) -> float:
    return np.mean(losses) if losses else 0.0


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("classes", [1, 2, 5, 40])
def test_mined_losses_are_those_of_loops(seed, classes):
    scores, positive, valid = _batch(seed, classes=classes)
    of = (scores, positive, valid)
    for miner, choose in ((BatchHard(), _hard), (BatchSemiHard(), _semi_hard)):
        for margin in (0.3, 1.0):
            expected = _average(_hinges(*of, choose, margin))
            assert _mean(miner, Triplet(margin=margin), *of) == pytest.approx(expected, abs=1e-5)
    everything = _hinges(*of, _all)
    assert _mean(BatchAll(mean="all"), Triplet(), *of) == pytest.approx(
        _average(everything), abs=1e-5
    )
    active = [loss for loss in everything if loss > 1e-9]
    assert _mean(BatchAll(), Triplet(), *of) == pytest.approx(_average(active), rel=1e-5, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_semi_hard_chooses_as_the_definition_says(data):
    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 9))
    few = st.integers(-3, 3)  # Few values: many ties.

    def table(element):
        row = st.lists(element, min_size=columns, max_size=columns)
        return np.array(data.draw(st.lists(row, min_size=rows, max_size=rows)))

    scores, positive, valid = (
        table(few).astype("float32"),
        table(st.booleans()),
        table(st.booleans()),
    )
    own, other = positive & valid, ~positive & valid
    chosen = BatchSemiHard().choose(tf.constant(scores), tf.constant(own), tf.constant(other))
    for row in range(rows):
        kept = np.flatnonzero(chosen.valid[row])
        expected = _semi_hard(scores[row][own[row]], scores[row][other[row]])
        got = [
            (scores[row, chosen.positive[row, k]], scores[row, chosen.negative[row, k]])
            for k in kept
        ]
        assert sorted(got) == sorted(expected)
        # Each positive once, and what is chosen is what it is said to be.
        assert sorted(int(chosen.positive[row, k]) for k in kept) == (
            np.flatnonzero(own[row]).tolist() if other[row].any() else []
        )
        assert all(other[row, chosen.negative[row, k]] for k in kept)


def test_gradients_are_those_of_the_chosen_triplets():
    # Positives −1 and −4; negatives −2, −3, −9. Semi-hard: (−1, −2) and (−4, −9).
    scores = tf.constant([[-1.0, -4.0, -2.0, -3.0, -9.0]])
    positive = tf.constant([[True, True, False, False, False]])
    valid = tf.ones((1, 5), tf.bool)
    slopes = {
        BatchSemiHard(): [-1, 0, 1, 0, 0],  # (−4, −9) has no loss at margin 2.
        BatchHard(): [0, -1, 1, 0, 0],
        # At margin 2, active: (−1, −2) and (−4, −2), (−4, −3); (−1, −3) is at the margin itself.
        BatchAll(): [-1 / 3, -2 / 3, 2 / 3, 1 / 3, 0],
    }
    for miner, expected in slopes.items():
        with tf.GradientTape() as tape:
            tape.watch(scores)
            mined = miner(Triplet(margin=2.0), scores, positive, valid)
            total = tf.reduce_sum(mined.losses)
        np.testing.assert_allclose(tape.gradient(total, scores), [expected], atol=1e-6)


@every_miner
def test_any_loss_of_triplets_may_be_mined(miner):
    scores, positive, valid = _batch(0)
    if isinstance(miner, BatchAll):
        with pytest.raises(ValueError, match="batch_all needs the loss triplet; got SoftTriplet"):
            _mean(miner, SoftTriplet(), scores, positive, valid)
        return
    soft = _mean(miner, SoftTriplet(), scores, positive, valid, seed=1)
    assert soft > 0
    assert _mean(miner, PairwiseLogistic(), scores, positive, valid, seed=1) == pytest.approx(soft)
    assert issubclass(Cosent, WholeBatch)
    with pytest.raises(ValueError, match="Cosent has no loss for single triplets"):
        _mean(miner, Cosent(), scores, positive, valid)


@every_miner
def test_weights_count_rows(miner):
    scores, positive, valid = _batch(3)
    weight = np.zeros(12, "float32")
    weight[[1, 4]] = [1.0, 3.0]
    one, other = (
        miner(Triplet(), *(tf.constant(x[i : i + 1]) for x in (scores, positive, valid)), seed=2)
        for i in (1, 4)
    )
    if isinstance(miner, DistanceWeighted):
        return  # Its draws are of a batch; what it draws is tested below.
    expected = np.sum(one.losses * one.counts) + 3 * np.sum(other.losses * other.counts)
    expected /= np.sum(one.counts) + 3 * np.sum(other.counts)
    assert _mean(miner, Triplet(), scores, positive, valid, weight) == pytest.approx(
        expected, abs=1e-5
    )


@every_miner
@pytest.mark.parametrize("case", ["one class", "no positives", "nothing valid"])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_one_sided_batches_cost_nothing_and_are_finite(miner, case, dtype):
    scores, _, valid = _batch(0)
    positive = np.full((12, 12), case == "one class")
    scores = tf.constant(scores, dtype)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        mined = miner(Triplet(), scores, positive, valid & (case != "nothing valid"), seed=1)
        mean = weighted_mean(mined.losses, mined.counts)
    assert float(mean) == 0.0
    slope = tape.gradient(mean, scores)
    assert slope is None or np.all(np.asarray(slope) == 0)


@every_miner
def test_identical_embeddings_cost_the_margin_with_finite_gradients(miner):
    scores = tf.zeros((6, 6))
    positive = np.arange(6)[:, None] % 2 == np.arange(6)[None] % 2
    with tf.GradientTape() as tape:
        tape.watch(scores)
        mined = miner(Triplet(margin=0.5), scores, positive, ~np.eye(6, dtype=bool), seed=1)
        mean = weighted_mean(mined.losses, mined.counts)
    assert float(mean) == pytest.approx(0.5)
    assert np.all(np.isfinite(tape.gradient(mean, scores)))


@every_miner
def test_what_is_not_valid_is_never_mined(miner):
    scores, positive, valid = _batch(5)
    drop = np.zeros_like(valid)
    drop[:, [0, 7]] = True
    for anything in (1e4, -1e4, np.nan):
        changed = np.where(drop, anything, scores)
        mined = miner(Triplet(), tf.constant(changed, "float32"), positive, valid & ~drop, seed=1)
        same = miner(Triplet(), tf.constant(scores, "float32"), positive, valid & ~drop, seed=1)
        np.testing.assert_allclose(mined.losses, same.losses, atol=1e-5)
        np.testing.assert_array_equal(mined.counts, same.counts)
        assert np.any(mined.losses > 0)


@every_miner
def test_columns_may_be_other_than_rows_and_graphs_have_no_sizes(miner):
    rng = np.random.default_rng(1)
    scores = np.tanh(rng.normal(size=(5, 9))).astype("float32")
    positive = rng.uniform(size=(5, 9)) < 0.4
    unsized = [tf.TensorSpec([None, None], dtype) for dtype in ("float32", "bool", "bool")]
    traced = tf.function(lambda *batch: miner(Triplet(), *batch, seed=4), input_signature=unsized)
    result = traced(scores, positive, np.ones_like(positive))
    eager = miner(Triplet(), tf.constant(scores), positive, np.ones_like(positive), seed=4)
    np.testing.assert_allclose(result.losses, eager.losses, atol=1e-6)
    assert np.sum(result.counts) > 0


def _sphere_weights(distance, dimension, cutoff=0.5, farthest=1.4):
    d = np.maximum(distance, cutoff)
    q = d ** (dimension - 2) * (1 - d**2 / 4) ** ((dimension - 3) / 2)
    weights = np.where(distance < farthest, 1 / q, 0.0)
    return weights / weights.sum()


@pytest.mark.parametrize("head", ["cosine", "distance", "squared_distance"])
@pytest.mark.parametrize("dimension", [3, 8])
def test_distance_weighted_draws_by_the_inverse_of_the_density(head, dimension):
    distance = np.array([0.2, 0.7, 1.0, 1.3, 1.39, 1.45, 1.9])
    as_score = {
        "cosine": 1 - distance**2 / 2,
        "distance": -distance,
        "squared_distance": -(distance**2),
    }
    expected = _sphere_weights(distance, dimension)
    assert expected[-2:].tolist() == [0, 0]
    rows = 4000
    scores = np.tile(np.concatenate([[0.0], as_score[head]]), (rows, 1)).astype("float32")
    positive = np.tile(np.arange(8) == 0, (rows, 1))
    miner = DistanceWeighted(dimension=dimension, head=head)
    chosen = miner.choose(
        tf.constant(scores), tf.constant(positive), tf.constant(~positive), seed=7
    )
    share = np.bincount(chosen.negative[:, 0], minlength=8)[1:] / rows
    # Five standard deviations of a share.
    assert np.all(np.abs(share - expected) <= 5 * np.sqrt(expected * (1 - expected) / rows))


def test_where_all_negatives_are_too_far_each_is_as_likely():
    scores = np.tile([1.0, -0.9, -0.95, -1.0], (3000, 1)).astype("float32")
    positive = np.tile([True, False, False, False], (3000, 1))
    chosen = DistanceWeighted(dimension=8).choose(
        tf.constant(scores), tf.constant(positive), tf.constant(~positive), seed=7
    )
    share = np.bincount(chosen.negative[:, 0], minlength=4) / 3000
    assert share[0] == 0
    assert np.all(np.abs(share[1:] - 1 / 3) < 0.045)


def test_a_seed_decides_the_draws():
    scores, positive, valid = _batch(2)
    miner = DistanceWeighted(dimension=3, head="squared_distance")
    masks = tf.constant(positive & valid), tf.constant(~positive)
    draws = [miner.choose(tf.constant(scores), *masks, seed=s).negative.numpy() for s in (1, 1, 2)]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()


def test_miners_are_found_by_name():
    assert len(MINERS.names) == 4
    for name in MINERS.names:
        assert issubclass(MINERS[name], Miner)
