"""Metrics at decision thresholds of a model; values worked out by hand."""

import math

import numpy as np
import pytest

from relation.spec import LabelKind
from trainer_module.metrics.at_threshold import NO_THRESHOLD, table_at
from trainer_module.metrics.collected import Form, collect
from trainer_module.metrics.registry import table_of

PAIRS = Form(LabelKind.BINARY, (None,), 1)


def tuples(scores, related, weights=None):
    count = len(scores)
    column = np.array(scores, dtype=np.float32)[:, None]
    labels = np.array(related, dtype=np.float32)[:, None]
    chosen = None if weights is None else np.array(weights, dtype=np.float32)
    return collect(PAIRS, np.arange(count, dtype=np.uint64), column, labels, chosen)


@pytest.mark.parametrize(
    ("weights", "accuracy", "f1"),
    # Called related: 3 and 2. Of those 3 is; 1 is not called, but related.
    [(None, 2 / 4, 2 * 1 / (2 + 2)), ([1, 1, 2, 0], 1 / 4, 2 * 1 / (2 + 3))],
)
def test_accuracy_and_f1_are_of_all_tuples(weights, accuracy, f1):
    some = tuples([3, 2, 1, 0], [1, 0, 1, 0], weights)
    table = table_at(PAIRS, {"accuracy": 2.0, "f1": 2.0})
    assert table["accuracy"].compute(some) == pytest.approx(accuracy)
    assert table["f1"].compute(some) == pytest.approx(f1)
    assert table["threshold"].compute(some) == table["f1_threshold"].compute(some) == 2.0


def test_each_metric_has_a_threshold_of_its_own():
    some = tuples([3, 2, 1, 0], [1, 1, 1, 0])
    table = table_at(PAIRS, {"accuracy": 0.5, "f1": 2.5})
    assert table["accuracy"].compute(some) == 1
    assert table["f1"].compute(some) == pytest.approx(2 * 1 / (1 + 3))


def test_what_has_no_value_says_why():
    table = table_at(PAIRS, {"f1": 2.0})
    some = tuples([1, 0], [0, 0])
    assert math.isnan(table["accuracy"].compute(some))
    assert math.isnan(table["threshold"].compute(some))
    assert table["accuracy"].undefined == table["threshold"].undefined == NO_THRESHOLD
    assert math.isnan(table["f1"].compute(some))
    assert table["f1"].undefined == "no pair is related, and none is predicted to be"
    assert math.isnan(table["f1"].compute(tuples([math.nan, 3], [1, 1])))


def test_other_relations_have_their_own_accuracy():
    form = Form(LabelKind.CLASS, (), 1)
    assert table_at(form, {"accuracy": 0.5}) == table_of(form)
