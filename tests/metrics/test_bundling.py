"""Every metric of every relation: however tuples are bundled, and where there is little to measure."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_model_analysis.metrics import metric_types

from relation import spec
from relation.spec import LabelKind
from trainer_module.metrics.collected import form_of
from trainer_module.metrics.registry import table_of
from trainer_module.metrics.tfma_metrics import CollectTuples

RELATIONS = {
    "pairs": spec.pairs("item", "item"),
    "triplets": spec.triplets("item", "item"),
    "ntuples": spec.ntuples("item", "item", 1, 3),
    "two_positives": spec.ntuples("item", "item", 2, 2),
    "scalar": spec.pairs("item", "item", LabelKind.SCALAR),
    "vector": spec.pairs("item", "item", LabelKind.VECTOR, 3),
    "class": spec.pairs("item", "item", LabelKind.CLASS),
    "tags": spec.tags("item", 4),
    "one_tag": spec.tags("item", 1),
    "lists": spec.lists("item", "query", 4),
    "ranked_pairs": spec.ranked_pairs("item", "query"),
    "image": spec.rows((spec.Role("photo", "a"), spec.Role("mask", "b")), LabelKind.IMAGE, 1),
}
SIDE = 7
FORMS = {kind: form_of(relation) for kind, relation in RELATIONS.items()}
FORMS["image"] = FORMS["image"]._replace(image=(SIDE, SIDE, 1))
CLASSES = 3
SAID_BY_COUNTING = {"examples", "lists_without_relevant"}
FROM_LABELS = {
    LabelKind.BINARY: st.integers(0, 1),
    LabelKind.CLASS: st.integers(0, CLASSES - 1),
    LabelKind.TAGS: st.floats(0, 1, width=32),
    LabelKind.GRADES: st.integers(-1, 3),
}


@st.composite
def _tuples(draw, form, least=0):
    """Rows of scores, label and weight, with many ties."""
    score = st.one_of(st.integers(-2, 2), st.floats(-1, 1, width=32))
    label = FROM_LABELS.get(form.label, st.floats(-1, 1, width=32))
    columns = _columns(form)
    scores = st.lists(score, min_size=columns, max_size=columns)
    if form.image:  # Too many numbers to be drawn one by one.
        scores = st.integers(0, 99).map(
            lambda seed: np.random.default_rng(seed).random(columns).round(1).tolist()
        )
    row = st.tuples(
        scores,
        st.lists(label, min_size=form.width, max_size=form.width),
        st.floats(0, 3, width=32),
    )
    return draw(st.lists(row, min_size=least, max_size=25))


def _columns(form):
    """How many numbers a model answers; of an image those that should be are behind them."""
    return 2 * SIDE**2 if form.image else form.columns or CLASSES


def _measured(form, bundles, weighted):
    """All metrics of tuples that come in bundles."""
    combiner = CollectTuples("key", form, weighted, "")
    accumulators = []
    for bundle in bundles:
        accumulator = combiner.create_accumulator()
        for scores, label, weight in bundle:
            inputs = metric_types.StandardMetricInputs(
                predictions=np.array(scores, np.float32),
                labels=np.array(label, np.float32),
                example_weights=np.array([weight], np.float32),
            )
            accumulator = combiner.add_input(accumulator, inputs)
        accumulators.append(accumulator)
    tuples = combiner.extract_output(combiner.merge_accumulators(accumulators))["key"]
    return {name: metric.compute(tuples) for name, metric in table_of(form).items()}


@pytest.mark.parametrize("kind", RELATIONS)
@pytest.mark.parametrize("weighted", [False, True])
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_bundles_change_no_bit_of_any_metric(data, weighted, kind):
    rows = data.draw(_tuples(FORMS[kind]))
    shuffled = data.draw(st.permutations(rows))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    bundles = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]

    one = _measured(FORMS[kind], [rows], weighted)
    many = _measured(FORMS[kind], bundles, weighted)

    assert all(type(value) is float for value in one.values())
    assert list(map(repr, one.values())) == list(map(repr, many.values()))


@pytest.mark.parametrize("kind", RELATIONS)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_one_score_that_is_not_finite_makes_every_metric_nan(data, kind):
    rows = data.draw(_tuples(FORMS[kind], least=1))
    row = data.draw(st.integers(0, len(rows) - 1))
    scores, label, weight = rows[row]
    if kind == "lists":
        label = [1, *label[1:]]  # There is a document.
    bad = data.draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    rows[row] = [bad, *scores[1:]], label, weight

    actual = _measured(FORMS[kind], [rows], weighted=False)

    others = {name for name in actual if re.search("_tag_[1-9]", name)}  # It is of tag 0.
    assert all(math.isnan(actual[name]) for name in actual.keys() - SAID_BY_COUNTING - others)


@pytest.mark.parametrize("kind", RELATIONS)
def test_of_no_tuple_all_is_nan_but_the_counts(kind):
    actual = _measured(FORMS[kind], [], weighted=True)

    assert all(math.isnan(actual[name]) for name in actual.keys() - SAID_BY_COUNTING)
    assert all(actual[name] == 0 for name in actual.keys() & SAID_BY_COUNTING)


@pytest.mark.parametrize("kind", RELATIONS)
def test_a_model_that_says_one_thing_is_no_better_than_chance(kind):
    form = FORMS[kind]
    rng = np.random.default_rng(0)
    if form.image:  # What should be said lies behind what is.
        truth = rng.integers(0, 2, (200, SIDE**2))
        rows = [([0.5] * SIDE**2 + row.tolist(), [], 1.0) for row in truth]
    else:
        labels = rng.integers(0, 2, (200, form.width))
        rows = [([0.5] * _columns(form), label, 1.0) for label in labels]

    actual = _measured(form, [rows], weighted=False)

    undefined = {"pearson", "spearman", "kendall"}
    assert {
        name for name, value in actual.items() if math.isnan(value)
    } == undefined & actual.keys()
    chance = {"auc": 0.5, "equal_error_rate": 0.5, "triplet_accuracy": 0.0}
    assert actual == actual | {name: chance[name] for name in chance.keys() & actual.keys()}
    assert actual.get("r2", 0) <= 0
