import math

import numpy as np
import pytest
from sklearn import metrics as sklearn

from relation import spec
from trainer_module.metrics import tags
from trainer_module.metrics.collected import collect, form_of
from trainer_module.metrics.registry import table_of

METRICS = (
    tags.average_precision,
    tags.ranking_loss,
    tags.coverage,
    tags.hamming,
    tags.micro_f1,
    tags.macro_f1,
)


def _oracles(scores, has, weights):
    said = scores >= 0.5
    options = {"sample_weight": weights}
    yield sklearn.label_ranking_average_precision_score(has, scores, **options)
    yield sklearn.label_ranking_loss(has, scores, **options)
    yield sklearn.coverage_error(has, scores, **options)
    yield sklearn.hamming_loss(has, said, **options)
    for average in ("micro", "macro"):
        yield sklearn.f1_score(has, said, average=average, zero_division=np.nan, **options)


def _by_hand(scores, has):
    """Of one example, by the definitions: LRAP, ranking loss, coverage."""
    mine, others = np.flatnonzero(has), np.flatnonzero(~has)
    if not len(mine) or not len(others):
        return 1, 0, len(mine)
    precision = [has[scores >= scores[j]].mean() for j in mine]
    wrong = [scores[i] <= scores[j] for i in mine for j in others]
    return np.mean(precision), np.mean(wrong), np.count_nonzero(scores >= scores[mine].min())


@pytest.mark.parametrize("n", [1, 5, 200])
@pytest.mark.parametrize("distinct", [1, 4, 1 << 20])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_scikit_learn(weighted, share, distinct, n):
    rng = np.random.default_rng(n)
    scores = (rng.integers(0, distinct + 1, (n, 6)) / distinct).astype(np.float32)
    has = rng.random((n, 6)) < share
    weights = rng.integers(1, 5, n).astype(np.float32) if weighted else None

    for own, expected in zip(METRICS, _oracles(scores, has, weights), strict=True):
        actual = own(scores, has.astype(np.float32), weights)
        assert actual == pytest.approx(expected, rel=1e-6, abs=1e-6, nan_ok=True)
    if not weighted:
        definitions = np.mean([_by_hand(*row) for row in zip(scores, has, strict=True)], axis=0)
        mine = [own(scores, has.astype(np.float32)) for own in METRICS[:3]]
        assert mine == pytest.approx(definitions, rel=1e-6)


@pytest.mark.parametrize("distinct", [1, 4, 1 << 20])
@pytest.mark.parametrize("weighted", [False, True])
def test_each_tag_agrees_with_scikit_learn(weighted, distinct):
    rng = np.random.default_rng(distinct)
    scores = (rng.integers(0, distinct + 1, (80, 4)) / distinct).astype(np.float32)
    labels = rng.random((80, 4)).astype(np.float32)
    labels[:, 2], labels[:, 3] = 0.4, 0.5  # None has the third tag, all have the fourth.
    weights = rng.integers(1, 5, 80).astype(np.float32) if weighted else None
    form = form_of(spec.tags("item", 4))
    tuples = collect(form, np.arange(80, dtype=np.uint64), scores, labels, weights)
    actual = {name: metric.compute(tuples) for name, metric in table_of(form).items()}
    for tag in range(4):
        truth, own = labels[:, tag] >= 0.5, {"sample_weight": weights}
        f1 = sklearn.f1_score(truth, scores[:, tag] >= 0.5, zero_division=np.nan, **own)
        if tag < 2:
            auc = sklearn.roc_auc_score(truth, scores[:, tag], **own)
            precision = sklearn.average_precision_score(truth, scores[:, tag], **own)
        else:  # Of one class alone: undefined.
            auc = precision = math.nan
        wanted = {"auc": auc, "average_precision": precision, "f1": f1}
        mine = {name: actual[f"{name}_tag_{tag}"] for name in wanted}
        assert mine == pytest.approx(wanted, rel=0, abs=1e-6, nan_ok=True)


def test_a_single_tag():
    scores, has = np.array([[0.9], [0.2]], np.float32), np.array([[1.0], [0.0]], np.float32)

    actual = [metric(scores, has) for metric in METRICS]
    assert actual == [1.0, 0.0, 0.5, 0.0, 1.0, 1.0]


def test_a_confidence_counts_as_a_tag_from_one_half_on():
    scores = np.array([[0.9, 0.6, 0.5, 0.1]], np.float32)
    confidences = np.array([[0.5, 0.4, 1.0, 0.0]], np.float32)

    assert tags.average_precision(scores, confidences) == pytest.approx((1 + 2 / 3) / 2)
    assert tags.hamming(scores, confidences) == 0.25
    assert tags.micro_f1(scores, confidences) == pytest.approx(2 * 2 / (3 + 2))
    assert tags.macro_f1(scores, confidences) == pytest.approx(2 / 3)  # Of three tags.


@pytest.mark.parametrize("metric", METRICS)
def test_undefined_is_nan(metric):
    rows = np.array([[0.5, 0.1], [0.2, 0.7]])

    assert math.isnan(metric(np.zeros((0, 2)), np.zeros((0, 2))))
    assert math.isnan(metric(np.array([[0.5, np.nan]]), np.ones((1, 2))))
    assert math.isnan(metric(rows, np.eye(2), np.zeros(2)))
