import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from relation import spec
from relation.spec import LabelKind
from trainer_module.metrics.collected import Form, collect, form_of

NO_LABELS = np.zeros((2, 0), np.float32)
KEYS = np.array([5, 3], np.uint64)


@pytest.mark.parametrize(
    ("relation", "form", "columns"),
    [
        (spec.pairs("a", "b"), Form(LabelKind.BINARY, (None,), 1), 1),
        (spec.triplets("a", "b"), Form(LabelKind.NONE, (True, False), 0), 2),
        (spec.pairs("a", "b", LabelKind.SCALAR), Form(LabelKind.SCALAR, (None,), 1), 1),
        (spec.pairs("a", "b", LabelKind.VECTOR, 3), Form(LabelKind.VECTOR, (), 3), 3),
        (spec.pairs("a", "b", LabelKind.CLASS), Form(LabelKind.CLASS, (), 1), None),
        (spec.ranked_pairs("d", None), Form(LabelKind.SCALAR, (True, False), 1), 2),
        (spec.ranked_pairs("d", "q"), Form(LabelKind.SCALAR, (True, False), 1), 2),
        (spec.lists("d", "q", 5), Form(LabelKind.GRADES, (), 5), 5),
        (spec.tags("a", 4), Form(LabelKind.TAGS, (), 4), 4),
    ],
)
def test_the_form_follows_from_the_relation(relation, form, columns):
    assert form_of(relation) == form
    assert form.columns == columns


def _sorted(flat):
    return sorted(zip(*(part.tolist() for part in flat if part is not None), strict=True))


def test_classes_come_from_the_relation_or_from_the_labels():
    rows = np.array([[1, 2], [3, 4]], np.float32)

    known = collect(form_of(spec.triplets("a", "b")), KEYS, rows, NO_LABELS).flat
    assert _sorted(known) == [(1, True), (2, False), (3, True), (4, False)]
    assert known.weights is None

    labels = np.array([[0], [1]], np.float32)
    said = collect(form_of(spec.pairs("a", "b")), KEYS, rows[:, :1], labels).flat
    assert _sorted(said) == [(1, False), (3, True)]


def test_a_weight_is_of_all_columns_of_its_tuple():
    rows, weights = np.array([[1, 2], [3, 4]], np.float32), np.array([5, 6], np.float32)

    flat = collect(form_of(spec.triplets("a", "b")), KEYS, rows, NO_LABELS, weights).flat

    assert _sorted(flat) == [(1, True, 5), (2, False, 5), (3, True, 6), (4, False, 6)]


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(0, 30), st.just(4))),
    st.randoms(use_true_random=False),
    st.integers(1, 30),
)
def test_order_changes_no_bit_of_tuples_and_of_halves(rows, random, distinct):
    order = list(range(len(rows)))
    random.shuffle(order)
    form = form_of(spec.triplets("a", "b"))

    keys = np.arange(len(rows), dtype=np.uint64) % np.uint64(distinct)
    one, other = (
        collect(form, own, found[:, :2], found[:, 2:3], found[:, 3])
        for own, found in ((keys, rows), (keys[order], rows[order]))
    )

    for mine, theirs in zip((one, *one.halves), (other, *other.halves), strict=True):
        assert mine.scores.tobytes() == theirs.scores.tobytes()
        assert mine.labels.tobytes() == theirs.labels.tobytes()
        assert mine.weights.tobytes() == theirs.weights.tobytes()
    assert sorted(map(str, rows.tolist())) == sorted(
        str([*s.tolist(), *y.tolist(), w.tolist()])
        for half in one.halves
        for s, y, w in zip(half.scores, half.labels, half.weights, strict=True)
    )


@pytest.mark.parametrize("distinct", [1, 2, 1 << 20])
def test_halves_are_halves_also_of_equal_tuples(distinct):
    rng = np.random.default_rng(0)
    keys = rng.integers(0, distinct, 10_000).astype(np.uint64)
    scores = np.ones((10_000, 1), np.float32)
    labels = (rng.random((10_000, 1)) < 0.3).astype(np.float32)

    one, other = collect(form_of(spec.pairs("a", "b")), keys, scores, labels).halves

    assert abs(len(one) - len(other)) < 400  # 4 standard deviations.
    assert one.labels.mean() == pytest.approx(0.3, abs=0.03)
    assert other.labels.mean() == pytest.approx(0.3, abs=0.03)


def _places(keys, scores, labels, weights):
    """The half and the group of each tuple, by key, label and weight."""
    tuples = collect(form_of(spec.pairs("a", "b")), keys, scores, labels, weights)
    rows = zip(tuples.keys.tolist(), tuples.labels[:, 0], tuples.weights, strict=True)
    first = tuples.halves[0]
    chosen = zip(first.keys.tolist(), first.labels[:, 0], first.weights, strict=True)
    return sorted(zip(rows, tuples.groups.tolist(), strict=True)), sorted(chosen)


def test_scores_choose_neither_halves_nor_groups():
    """Two runs of one recipe have scores that differ; their tuples, and so their groups, do not."""
    rng = np.random.default_rng(1)
    keys = np.repeat(np.arange(500, dtype=np.uint64), 2)  # Each pair was kept twice,
    labels = np.tile([[0], [1]], (500, 1)).astype(np.float32)  # with both labels.
    weights = rng.random(1000).astype(np.float32)
    scores = rng.normal(size=(1000, 1)).astype(np.float32)
    order = rng.permutation(1000)
    noise = rng.normal(size=(1000, 1)).astype(np.float32)

    before = _places(keys, scores, labels, weights)
    after = _places(keys[order], (scores + noise)[order], labels[order], weights[order])

    assert before == after
    assert len({group for _, group in before[0]}) == 20
