import subprocess
import sys

import pytest

from relation import spec
from relation.errors import RecipeError
from relation.recipe import Evaluation, Gate
from trainer_module.metrics import registry

PAIRS, TRIPLETS = spec.pairs("item"), spec.triplets("item")


def test_a_relation_has_the_metrics_that_apply_to_it():
    assert registry.metrics_of(PAIRS) == ("auc", "accuracy", "threshold", "examples")
    assert registry.metrics_of(TRIPLETS) == (
        "auc",
        "accuracy",
        "threshold",
        "triplet_accuracy",
        "examples",
    )


@pytest.mark.parametrize(
    ("related", "expected"),
    [
        ((True, False), True),
        ((False, True, False), True),
        ((True,), False),
        ((True, True, False), False),
        ((None,), False),
        ((True, None), False),
    ],
)
def test_triplet_accuracy_needs_one_related_among_unrelated(related, expected):
    assert registry.METRICS["triplet_accuracy"].applies(related) is expected


@pytest.mark.parametrize(
    ("relation", "gates", "message"),
    [
        (
            PAIRS,
            {"acu": Gate(min=0.9)},
            "evaluation.gates.acu: unknown metric 'acu'; expected one of auc, accuracy, threshold, "
            "examples",
        ),
        (
            PAIRS,
            {"auc": Gate(min=0.9), "triplet_accuracy": Gate(min=0.9)},
            "evaluation.gates.triplet_accuracy: metric 'triplet_accuracy' does not apply to tuples "
            "of left, right; expected one of auc, accuracy, threshold, examples",
        ),
        (
            TRIPLETS,
            {"threshold": Gate(max_drop=0.1)},
            "evaluation.gates.threshold.max_drop: got 0.1; a lower 'threshold' is no worse model: "
            "expected `min` or `max`",
        ),
    ],
)
def test_a_gate_on_what_is_not_measured_is_an_error(relation, gates, message):
    with pytest.raises(RecipeError) as error:
        registry.check_gates(relation, Evaluation(gates=gates))

    assert str(error.value) == message


def test_gates_that_fit_pass():
    gates = {"triplet_accuracy": Gate(min=0.9, max_drop=0.1), "examples": Gate(min=1)}

    registry.check_gates(TRIPLETS, Evaluation(gates=gates))


def test_gates_are_checked_without_tensorflow():
    code = "import sys, trainer_module.metrics.registry; sys.exit('tensorflow' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
