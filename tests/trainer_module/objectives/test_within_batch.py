"""Objectives within a batch against NumPy, pair by pair."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from relation.spec import pairs, triplets
from trainer_module.data.batch_keys import Keys, hashed
from trainer_module.data.frequencies import Frequencies
from trainer_module.heads.concat_mlp import ConcatMlp
from trainer_module.heads.cosine import Cosine
from trainer_module.heads.distance import Distance
from trainer_module.heads.dot import Dot
from trainer_module.heads.logistic_distance import LogisticDistance
from trainer_module.heads.squared_distance import SquaredDistance
from trainer_module.losses.in_batch_softmax import InBatchSoftmax
from trainer_module.losses.proxy_anchor import ProxyAnchor
from trainer_module.losses.supervised_contrastive import SupervisedContrastive
from trainer_module.losses.triplet import Triplet
from trainer_module.mining.batch_all import BatchAll
from trainer_module.mining.batch_hard import BatchHard
from trainer_module.mining.distance_weighted import DistanceWeighted
from trainer_module.mining.masks import shares
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.group_proxies import GroupProxies
from trainer_module.objectives.in_batch_candidates import InBatchCandidates
from trainer_module.objectives.mined_triplets import MinedTriplets
from trainer_module.registry import LOSSES, task_of

RNG = np.random.default_rng(3)
TAU = 0.5
IDS_ALONE = Keys()


@pytest.mark.parametrize(
    "head", [ConcatMlp(), Cosine(), Distance(), Dot(), LogisticDistance(), SquaredDistance()]
)
def test_the_matrix_of_a_head_is_the_head_pair_by_pair(head):
    rows, columns = (RNG.normal(size=(n, 3)).astype("float32") for n in (4, 5))
    layer = head.build()
    matrix = np.asarray(head.matrix(layer, tf.constant(rows), tf.constant(columns)))
    for i, row in enumerate(rows):
        each = np.asarray(layer(tf.constant([row] * 5), tf.constant(columns)))
        np.testing.assert_allclose(matrix[i], each, rtol=1e-4, atol=1e-5)


def _triplets(ids, embeddings) -> tuple[dict, dict]:
    """Inputs and embeddings of triplets with these ids."""
    inputs = {hashed(f"{role}_id"): tf.constant(ids[role], tf.int64)[:, None] for role in ids}
    return inputs, {role: tf.constant([embeddings[i] for i in ids[role]]) for role in ids}


IDS = {
    "anchor": [100, 101, 102, 100],
    "positive": [1, 2, 1, 3],
    "negative": [4, 5, 2, 6],
}
EMBEDDINGS = {i: RNG.normal(size=3).astype("float32") for i in [100, 101, 102, *range(1, 7)]}
TARGETS = tf.constant([[1.0, 0.0]] * 4)
# Candidates of each anchor by id (its positive first), what is known to be related left out: 100
# has the positives 1 and 3, and 102 has 1, which is a candidate twice.
NEGATIVES = [[2, 4, 5, 2, 6], [1, 1, 3, 4, 5, 6], [2, 3, 4, 5, 2, 6], [2, 4, 5, 2, 6]]


def _softmax(log_q, negatives=NEGATIVES, weights=(1, 1, 1, 1)) -> float:
    losses = []
    for anchor, positive, others in zip(IDS["anchor"], IDS["positive"], negatives, strict=True):
        logits = [
            EMBEDDINGS[anchor] @ EMBEDDINGS[i] / TAU - log_q.get(i, 0.0)
            for i in [positive, *others]
        ]
        losses.append(np.log(np.exp(logits).sum()) - logits[0])
    return float(np.average(losses, weights=weights))


def _in_batch(keys=IDS_ALONE, frequencies=None, further=None, weight=None):
    task = task_of(Dot(), triplets("user", "item"), 0)
    objective = InBatchCandidates(task, InBatchSoftmax(temperature=TAU), keys, frequencies)
    inputs, embeddings = _triplets(IDS, EMBEDDINGS)
    scores = objective.outputs(Dot().build(), embeddings)
    assert scores.shape == (4, 8)
    inputs.update(further or {})
    assert set(objective.reads) <= set(inputs)
    return float(objective(inputs, TARGETS, scores, weight))


def test_equal_ids_of_two_entity_types_are_two_entities():
    """Users 4, 1 and 6 are not items 4, 1 and 6, which are candidates as if nobody had their id."""
    users = {100: 4, 101: 1, 102: 6}
    ids = {**IDS, "anchor": [users[i] for i in IDS["anchor"]]}
    inputs, _ = _triplets(ids, EMBEDDINGS)
    _, embeddings = _triplets(IDS, EMBEDDINGS)
    task = task_of(Dot(), triplets("user", "item"), 0)
    objective = InBatchCandidates(task, InBatchSoftmax(temperature=TAU), IDS_ALONE)
    scores = objective.outputs(Dot().build(), embeddings)
    assert float(objective(inputs, TARGETS, scores, None)) == pytest.approx(_softmax({}), rel=1e-5)


def test_accidental_hits_are_no_negatives():
    assert _in_batch() == pytest.approx(_softmax({}), rel=1e-5)
    # A wrong mask shows: with every other candidate as a negative the loss is larger.
    everything = [
        [*IDS["positive"][:i], *IDS["positive"][i + 1 :], *IDS["negative"]] for i in range(4)
    ]
    assert _softmax({}, everything) > _softmax({}) + 1e-3


def test_weights_of_tuples_count():
    weights = (1.0, 0.0, 2.0, 3.0)
    assert _in_batch(weight=tf.constant(weights)) == pytest.approx(
        _softmax({}, weights=weights), rel=1e-5
    )


def test_candidates_are_corrected_for_how_often_they_are_met():
    frequencies = Frequencies([np.array([[1, 4], [2, 5]]), np.array([[1, 2], [3, 6], [1, 1]])])
    counts = {1: 4, 2: 2, 3: 1, 4: 1, 5: 1, 6: 1}
    log_q = {i: np.log(n / 10) for i, n in counts.items()}
    np.testing.assert_allclose(
        frequencies.log_q(tf.constant([1, 2, 9, 6, 0], tf.int64)),
        np.log([0.4, 0.2, 0.1, 0.1, 0.1]),
        rtol=1e-6,
    )
    assert _in_batch(frequencies=frequencies) == pytest.approx(_softmax(log_q), rel=1e-5)


def test_known_positives_are_no_negatives():
    known = tf.constant([[4, 5], [-1, -1], [6, -1], [4, -1]], tf.int64)
    gone = [[4, 5], [], [6], [4]]
    negatives = [[i for i in n if i not in g] for n, g in zip(NEGATIVES, gone, strict=True)]
    actual = _in_batch(Keys(known_positives=True), further={hashed("positive_ids"): known})
    assert actual == pytest.approx(_softmax({}, negatives), rel=1e-5)


def test_positives_of_other_splits_are_no_negatives_in_evaluation():
    known = tf.constant([[4, 5, 1], [-1, -1, -1], [6, -1, -1], [4, -1, -1]], tf.int64)
    gone = [[4, 5], [], [6], [4]]  # 1 is the positive of the first tuple, and stays.
    negatives = [[i for i in n if i not in g] for n, g in zip(NEGATIVES, gone, strict=True)]
    actual = _in_batch(Keys(filtered=True), further={hashed("filtered_ids"): known})
    assert actual == pytest.approx(_softmax({}, negatives), rel=1e-5)
    assert actual < _in_batch() - 1e-3
    nothing = {hashed("filtered_ids"): tf.zeros((4, 0), tf.int64)}  # As in training.
    assert _in_batch(Keys(filtered=True), further=nothing) == pytest.approx(_softmax({}), rel=1e-5)


def test_positives_of_other_splits_are_no_further_positives_either():
    """A loss of several positives takes `positive_ids`, and leaves `filtered_ids` out."""
    task = task_of(Dot(), triplets("user", "item"), 0)
    loss = SupervisedContrastive(temperature=TAU)
    inputs, embeddings = _triplets(IDS, EMBEDDINGS)
    scores = InBatchCandidates(task, loss, Keys()).outputs(Dot().build(), embeddings)
    known = tf.constant([[4], [4], [-1], [4]], tf.int64)

    def value(**lists):
        names = {"known_positives": "positive_ids", "filtered": "filtered_ids"}
        keys = Keys(**{name: name in lists for name in names})
        further = {hashed(names[name]): ids for name, ids in lists.items()}
        return float(InBatchCandidates(task, loss, keys)(inputs | further, TARGETS, scores, None))

    def expected(left_out):
        losses = []
        columns = [*IDS["positive"], *IDS["negative"]]
        positives = {100: {1, 3}, 101: {2}, 102: {1}}
        for row, anchor in enumerate(IDS["anchor"]):
            mine = [i for i in columns if i not in left_out[row]]
            logits = np.array([EMBEDDINGS[anchor] @ EMBEDDINGS[i] / TAU for i in mine])
            log_p = logits - np.log(np.exp(logits).sum())
            losses.append(
                -np.mean([p for i, p in zip(mine, log_p, strict=True) if i in positives[anchor]])
            )
        return np.mean(losses)

    none = [()] * 4
    assert value() == pytest.approx(expected(none), rel=1e-5)
    assert value(filtered=known) == pytest.approx(expected([{4}, {4}, (), {4}]), rel=1e-5)
    assert value(known_positives=known) != pytest.approx(value(filtered=known), rel=1e-3)


def test_members_of_the_group_are_no_negatives():
    groups = {"anchor": [[7], [8], [9], [7]], "positive": [[7], [8], [9], [7]]}
    groups["negative"] = [[8, 9], [7, -1], [8, -1], [5, -1]]
    further = {hashed(f"{r}_label"): tf.constant(g, tf.int64) for r, g in groups.items()}
    # Ids of the columns: 1 2 1 3 4 5 2 6, of the groups 7 8 9 7 89 7 8 5.
    negatives = [[2, 4, 2, 6], [1, 1, 3, 5, 6], [2, 3, 5, 2, 6], [2, 4, 2, 6]]
    actual = _in_batch(Keys(group="label"), further=further)
    assert actual == pytest.approx(_softmax({}, negatives), rel=1e-5)


def test_losses_of_several_positives_take_all_that_are_known():
    task = task_of(Dot(), triplets("user", "item"), 0)
    objective = InBatchCandidates(task, SupervisedContrastive(temperature=TAU), Keys(group="label"))
    inputs, embeddings = _triplets(IDS, EMBEDDINGS)
    groups = {"anchor": [[7], [8], [9], [7]], "positive": [[7], [8], [9], [7]]}
    groups["negative"] = [[8, 9], [7, -1], [8, -1], [5, -1]]
    inputs.update((hashed(f"{r}_label"), tf.constant(g, tf.int64)) for r, g in groups.items())
    actual = objective(inputs, TARGETS, objective.outputs(Dot().build(), embeddings), None)
    # Columns by id: 1 2 1 3 4 5 2 6, of the groups 7 8 9 7 89 7 8 5; by id, 100 has 1 and 3.
    positives = [[0, 2, 3, 5], [1, 4, 6], [0, 2, 4], [0, 2, 3, 5]]
    columns = np.array([EMBEDDINGS[i] for i in (*IDS["positive"], *IDS["negative"])])
    losses = []
    for anchor, related in zip(IDS["anchor"], positives, strict=True):
        logits = columns @ EMBEDDINGS[anchor] / TAU
        losses.append(np.log(np.exp(logits).sum()) - logits[related].mean())
    assert float(actual) == pytest.approx(np.mean(losses), rel=1e-5)


def test_an_anchor_is_no_positive_of_its_own():
    task = task_of(Dot(), pairs("item", "item"), 0)
    objective = InBatchCandidates(task, SupervisedContrastive(temperature=TAU), Keys(group="label"))
    ids = {"left": [1, 2], "right": [3, 1]}
    inputs, embeddings = _triplets(ids, EMBEDDINGS)
    inputs.update((hashed(f"{r}_label"), tf.constant([[7], [7]], tf.int64)) for r in ids)
    scores = objective.outputs(Dot().build(), embeddings)
    actual = objective(inputs, tf.constant([[1.0], [1.0]]), scores, None)
    # All are of one group: 1 has the column of 3 alone, hence loss 0; 2 has both.
    logits = EMBEDDINGS[2] @ np.array([EMBEDDINGS[3], EMBEDDINGS[1]]).T / TAU
    assert float(actual) == pytest.approx(
        (np.log(np.exp(logits).sum()) - logits.mean()) / 2, rel=1e-5
    )


def test_unrelated_pairs_have_no_positive_and_an_anchor_is_no_negative_of_its_own():
    task = task_of(Dot(), pairs("item", "item"), 0)
    objective = InBatchCandidates(task, InBatchSoftmax(temperature=TAU), Keys())
    ids = {"left": [1, 2, 3], "right": [4, 5, 1]}
    inputs, embeddings = _triplets(ids, EMBEDDINGS)
    scores = objective.outputs(Dot().build(), embeddings)
    actual = objective(inputs, tf.constant([[1.0], [0.0], [1.0]]), scores, None)
    expected = []
    for left, right, others in ((1, 4, [5]), (3, 1, [4, 5])):
        logits = [EMBEDDINGS[left] @ EMBEDDINGS[i] / TAU for i in [right, *others]]
        expected.append(np.log(np.exp(logits).sum()) - logits[0])
    assert float(actual) == pytest.approx(np.mean(expected), rel=1e-5)


def test_keys_are_shared_whatever_their_order_and_padding():
    rows = tf.constant([[-1, 3], [5, -1], [-1, -1], [3, 5]], tf.int64)
    columns = tf.constant([[3, -1], [4, 5], [-1, -1]], tf.int64)
    assert shares(rows, columns).numpy().tolist() == [
        [True, False, False],
        [False, True, False],
        [False, False, False],
        [True, True, False],
    ]


def _mined(miner, weight=None, seed=0):
    task = task_of(Cosine(), triplets("item", "item"), 0)
    objective = MinedTriplets(task, Triplet(margin=0.5), miner, Keys(group="label"), seed)
    ids = {"anchor": [1, 2], "positive": [3, 4], "negative": [5, 1]}
    label = {1: 0, 2: 1, 3: 0, 4: 1, 5: 1}
    inputs, embeddings = _triplets(ids, EMBEDDINGS)
    inputs |= {
        hashed(f"{r}_label"): tf.constant([[label[i]] for i in ids[r]], tf.int64) for r in ids
    }
    scores = objective.outputs(Cosine().build(), embeddings)
    found = float(objective(inputs, None, scores, weight))
    members = [i for role in ("anchor", "positive", "negative") for i in ids[role]]
    return found, members, label


def _unit(i):
    return EMBEDDINGS[i] / np.linalg.norm(EMBEDDINGS[i])


@pytest.mark.parametrize("weight", [None, [1.0, 3.0]])
def test_the_hardest_triplet_of_each_member(weight):
    actual, members, label = _mined(BatchHard(), None if weight is None else tf.constant(weight))
    losses = []
    for a in members:
        near = min(_unit(a) @ _unit(p) for p in members if p != a and label[p] == label[a])
        far = max(_unit(a) @ _unit(n) for n in members if label[n] != label[a])
        losses.append(max(0.0, 0.5 - near + far))
    assert actual == pytest.approx(np.average(losses, weights=(weight or [1, 1]) * 3), rel=1e-5)


def test_every_triplet_of_a_batch():
    actual, members, label = _mined(BatchAll(mean="all"))
    losses = [
        max(0.0, 0.5 - _unit(a) @ _unit(p) + _unit(a) @ _unit(n))
        for a in members
        for p in members
        for n in members
        if p != a and label[p] == label[a] != label[n]
    ]
    assert actual == pytest.approx(np.mean(losses), rel=1e-5)


def test_drawn_triplets_are_a_function_of_the_seed():
    miner = DistanceWeighted(dimension=3)
    draws = [_mined(miner, seed=seed)[0] for seed in (1, 1, 2, 3, 4)]
    assert draws[0] == draws[1]
    assert len(set(draws)) > 1


def test_the_losses_that_need_keys_are_those_within_a_batch():
    keyed = {name for name in LOSSES.names if LOSSES[name].needs_keys}
    assert keyed == {
        "circle",
        "in_batch_softmax",
        "multi_similarity",
        "nt_xent",
        "proxy_anchor",
        "supervised_contrastive",
    }
    assert [name for name in LOSSES.names if LOSSES[name].needs_groups] == ["proxy_anchor"]
    assert [name for name in LOSSES.names if LOSSES[name].needs_proxies] == ["proxy_anchor"]


def _data() -> tf.data.Dataset:
    """16 triplets of 2 groups: x is the group, and noise."""
    rng = np.random.default_rng(5)
    group = {"anchor": np.arange(16) % 2}
    group |= {"positive": group["anchor"], "negative": 1 - group["anchor"]}
    inputs = {}
    for place, (role, of) in enumerate(group.items()):
        x = np.eye(2)[of] + rng.normal(size=(16, 2))
        inputs[f"{role}_x"] = x.astype("float32")
        inputs[hashed(f"{role}_id")] = np.arange(16)[:, None] + 16 * place
        inputs[hashed(f"{role}_label")] = of[:, None]
    targets = np.tile([[1.0, 0.0]], (16, 1)).astype("float32")
    return tf.data.Dataset.from_tensor_slices((inputs, targets, np.ones(16, "float32"))).batch(8)


def test_proxies_are_columns_and_members_of_unknown_groups_do_not_count():
    task = task_of(Cosine(), triplets("item", "item"), 0)
    groups = {"anchor": [[7], [8]], "positive": [[7], [8]], "negative": [[8], [5]]}
    loss = ProxyAnchor(alpha=2.0, margin=0.1)
    batches = [np.array([[7], [8]]), np.array([[7, -1]])]
    objective = GroupProxies(task, loss, Keys(group="label"), batches)
    layer = objective.build()
    ids = {"anchor": [1, 2], "positive": [3, 4], "negative": [5, 6]}
    inputs, embeddings = _triplets(ids, EMBEDDINGS)
    inputs |= {hashed(f"{r}_label"): tf.constant(g, tf.int64) for r, g in groups.items()}
    scores = objective.outputs(layer, embeddings)
    proxies = np.asarray(layer.table.proxies)
    assert proxies.shape == (2, 3)
    proxies = proxies / np.linalg.norm(proxies, axis=1, keepdims=True)
    # Of 7: members 1 and 3, against 2, 4 and 5; of 8 the other way round; 6 is of no known group.
    cosine = {i: proxies @ _unit(i) for i in range(1, 7)}
    np.testing.assert_allclose(scores[0], cosine[1], atol=1e-5)
    sides = {0: ([1, 3], [2, 4, 5]), 1: ([2, 4, 5], [1, 3])}
    expected = 0.0
    for place, (own, other) in sides.items():
        pull = sum(np.exp(-2.0 * (cosine[i][place] - 0.1)) for i in own)
        push = sum(np.exp(2.0 * (cosine[i][place] + 0.1)) for i in other)
        expected += (np.log1p(pull) + np.log1p(push)) / 2
    assert float(objective(inputs, None, scores, None)) == pytest.approx(expected, rel=1e-5)


KEYS = Keys(group="label")
OBJECTIVES = {
    "in_batch": lambda task: InBatchCandidates(task, InBatchSoftmax(), KEYS),
    "mined": lambda task: MinedTriplets(task, Triplet(margin=0.5), BatchHard(), KEYS),
    "proxies": lambda task: GroupProxies(task, ProxyAnchor(alpha=4.0), KEYS, [np.array([0, 1])]),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_model_learns_from_batches(name):
    keras.utils.set_random_seed(1)
    task = task_of(Cosine(), triplets("item", "item"), 0)
    objective = OBJECTIVES[name](task)
    x = keras.Input((2,), name="x")
    tower = keras.Model({"x": x}, keras.layers.Dense(2)(x))
    model = RelationalModel(task, {"item": ("x",)}, {"item": tower}, objective)
    model.compile(keras.optimizers.Adam(0.1))
    losses = model.fit(_data(), epochs=12, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.8 * losses[0]
