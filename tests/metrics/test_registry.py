import math
import subprocess
import sys

import numpy as np
import pytest

from relation import spec
from relation.core.errors import RecipeError
from relation.recipe import Evaluation, Gate
from trainer_module.metrics import registry
from trainer_module.metrics.collected import collect
from trainer_module.metrics.gates import check_gates

PAIRS, TRIPLETS = spec.pairs("item", "item"), spec.triplets("item", "item")
RELATED = [
    "auc",
    "average_precision",
    "accuracy",
    "threshold",
    "f1",
    "f1_threshold",
    "equal_error_rate",
]
NUMBER = ["mae", "mse", "r2", "pearson", "spearman", "kendall"]
TAGS = ["lrap", "ranking_loss", "coverage", "hamming", "micro_f1", "macro_f1", "mae"]
EACH_TAG = [f"{m}_tag_{n}" for n in range(4) for m in ("auc", "average_precision", "f1")]
LISTS = ["ndcg_at_1", "ndcg_at_3", "ndcg_at_5", "ndcg_at_10", "mrr", "lists_without_relevant"]


def _pairs(label, width=1):
    return spec.pairs("item", "item", label, width)


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        (PAIRS, RELATED),
        (TRIPLETS, [*RELATED, "triplet_accuracy"]),
        (spec.ntuples("item", "item", 1, 3), [*RELATED, "triplet_accuracy", "mrr"]),
        (spec.ntuples("item", "item", 2, 3), [*RELATED, "mrr"]),
        (spec.lists("item", "query", 4), LISTS),
        (spec.lists("item", None, 4), LISTS),
        (_pairs(spec.LabelKind.SCALAR), NUMBER),
        (_pairs(spec.LabelKind.VECTOR, 3), ["mae", "mse", "r2"]),
        (_pairs(spec.LabelKind.CLASS), ["accuracy", "macro_f1"]),
        (spec.ranked_pairs("item", None), ["triplet_accuracy"]),
        (spec.ranked_pairs("item", "query"), ["triplet_accuracy"]),
        (spec.pairs("item", "item", related=True), []),
        (spec.pairs("item", "item", related=False), []),
        (_pairs(spec.LabelKind.NONE), []),  # No tuple says what is not related.
    ],
)
def test_a_relation_has_the_metrics_that_apply_to_it(relation, expected):
    assert registry.metrics_of(relation) == (*expected, "score_spread", "examples")


@pytest.mark.parametrize(
    ("relation", "gates", "message"),
    [
        (
            spec.pairs("item", "item", related=True),
            {"auc": Gate(min=0.9)},
            "evaluation.gates.auc: metric 'auc' needs related and unrelated pairs, and every pair is "
            "related, since relation.sampling asks for no negatives; expected one of score_spread, "
            "examples, or evaluation.corpus.gates where the head compares embeddings",
        ),
        (
            spec.pairs("item", "item", related=False),
            {"accuracy": Gate(min=0.9)},
            "evaluation.gates.accuracy: metric 'accuracy' needs related and unrelated pairs, and "
            "every pair is unrelated, since relation.sampling asks for no positives; expected one "
            "of score_spread, examples, or evaluation.corpus.gates where the head compares "
            "embeddings",
        ),
        (
            PAIRS,
            {"acu": Gate(min=0.9)},
            "evaluation.gates.acu: unknown metric 'acu'; expected one of "
            + ", ".join([*RELATED, "score_spread", "examples"]),
        ),
        (
            PAIRS,
            {"auc": Gate(min=0.9), "triplet_accuracy": Gate(min=0.9)},
            "evaluation.gates.triplet_accuracy: metric 'triplet_accuracy' does not apply to tuples "
            "of left, right with a label of kind binary; expected one of "
            + ", ".join([*RELATED, "score_spread", "examples"]),
        ),
        (
            _pairs(spec.LabelKind.SCALAR),
            {"mae": Gate(max=0.2), "auc": Gate(min=0.5)},
            "evaluation.gates.auc: metric 'auc' does not apply to tuples of left, right with a "
            "label of kind scalar; expected one of "
            + ", ".join([*NUMBER, "score_spread", "examples"]),
        ),
        (
            TRIPLETS,
            {"threshold": Gate(max_drop=0.1)},
            "evaluation.gates.threshold.max_drop: got 0.1; a lower 'threshold' does not mean a worse model: "
            "expected `min` or `max`",
        ),
    ],
)
def test_a_gate_on_what_is_not_measured_is_an_error(relation, gates, message):
    with pytest.raises(RecipeError) as error:
        check_gates(relation, Evaluation(gates=gates))

    assert str(error.value) == message


def test_each_tag_has_metrics_of_its_own():
    expected = (*TAGS, "score_spread", "examples", *EACH_TAG)
    assert registry.metrics_of(spec.tags("item", 4)) == expected


QUALITIES = ["auc", "average_precision", "accuracy", "f1"]
OF_TAGS = ["lrap", "micro_f1", "macro_f1"]
OF_IMAGES = ["r2", "iou", "dice", "psnr", "ssim"]
MASKS = spec.rows((spec.Role("photo", "a"), spec.Role("mask", "b")), spec.LabelKind.IMAGE, 1)


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        (PAIRS, QUALITIES),
        (TRIPLETS, [*QUALITIES, "triplet_accuracy"]),
        (spec.ntuples("item", "item", 1, 3), [*QUALITIES, "triplet_accuracy", "mrr"]),
        (spec.lists("item", "query", 4), [name for name in LISTS if "without" not in name]),
        (_pairs(spec.LabelKind.SCALAR), ["r2", "pearson", "spearman", "kendall"]),
        (_pairs(spec.LabelKind.VECTOR, 3), ["r2"]),
        (_pairs(spec.LabelKind.CLASS), ["accuracy", "macro_f1"]),
        (spec.tags("item", 4), [*OF_TAGS, *EACH_TAG]),
        (MASKS, OF_IMAGES),
    ],
)
def test_metrics_of_which_more_is_better(relation, expected):
    """Not errors, losses, thresholds, counts or the spread: a drop of them is no worse model."""
    assert registry.qualities(relation) == tuple(expected)


def test_lists_have_ndcg_of_any_k():
    lists = spec.lists("item", "query", 4)
    check_gates(lists, Evaluation(gates={"ndcg_at_7": Gate(min=0.9)}))
    names = registry.metrics_of(lists, ["ndcg_at_7", "ndcg_at_3", "recall_at_7"])
    assert names == (*registry.metrics_of(lists), "ndcg_at_7")
    assert "ndcg_at_7" in registry.qualities(lists, ["ndcg_at_7"])
    scores, grades = np.array([[3.0, 2.0, 1.0]], "f4"), np.array([[0.0, 2.0, 1.0]], "f4")
    tuples = collect(registry.form_of(lists), np.zeros(1, "u8"), scores, grades)
    ideal = 3 + 1 / math.log2(3)
    metric = registry.metric_of(tuples.form, "ndcg_at_2")
    assert metric.compute(tuples) == pytest.approx(3 / math.log2(3) / ideal)


@pytest.mark.parametrize("name", ["ndcg_at_7", "ndcg_at_0"])
def test_a_k_of_what_tuples_do_not_have_is_refused(name):
    with pytest.raises(RecipeError, match=f"evaluation.gates.{name}: "):
        check_gates(PAIRS, Evaluation(gates={name: Gate(min=0.9)}))


def test_gates_that_fit_pass():
    gates = {"triplet_accuracy": Gate(min=0.9, max_drop=0.1), "examples": Gate(min=1)}

    check_gates(TRIPLETS, Evaluation(gates=gates))


def test_gates_are_checked_without_tensorflow():
    code = "import sys, trainer_module.metrics.registry; sys.exit('tensorflow' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_interval_ends_where_the_metric_does():
    """A range by hand for each metric whose values are not shares from 0 to 1."""
    tables = (
        *(registry.RELATED, registry.ONE_ABOVE_OTHERS, registry.PLACE_OF_POSITIVE),
        *(registry.NUMBERS, registry.NUMBER, registry.CLASSES, registry.TAGS),
        *(registry.LISTS, registry.ALL, registry.IMAGES),
    )
    other = {n: m.within for table in tables for n, m in table.items() if m.within != (0.0, 1.0)}
    assert {name: other.get(name) for name in ("psnr", "r2", "ssim")} == {
        "psnr": (0.0, 100.0),
        "r2": (-math.inf, 1.0),
        "ssim": (-1.0, 1.0),
    }
    assert {name for name, ends in other.items() if ends == (-1.0, 1.0)} == {
        *("pearson", "spearman", "kendall", "ssim"),
    }
