"""The decision threshold that a served model carries: from which score on two are related.

It is chosen by the Evaluator, after the model was exported; so it travels beside the graph, in
`assets.extra/decision.json`, where TensorFlow Serving expects what it does not read itself.
"""

import json
import math
import os
from typing import Any

import tensorflow as tf

from components.common.evaluation_results import Verdict

FILE = os.path.join("assets.extra", "decision.json")
CHOICES = {"accuracy": "threshold", "f1": "f1_threshold"}
"""What a threshold is best for, and the metric that holds it."""


def decision_of(verdict: Verdict) -> dict[str, Any]:
    """By what it is best for: `score` (from it on: related) and `reached`, on other tuples.

    Empty where the model does not say whether two are related.
    """
    found = {}
    for name, threshold in CHOICES.items():
        score, reached = verdict.metrics.get(threshold), verdict.metrics.get(name)
        if score is not None and reached is not None and math.isfinite(score):
            found[name] = {"score": score, "reached": reached}
    return found


def write(decision: dict[str, Any], model: str) -> None:
    """Puts a decision into the folder of a SavedModel."""
    path = os.path.join(model, FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(decision, indent=2, allow_nan=False) + "\n")


def read(model: str) -> dict[str, Any]:
    """The decision of a SavedModel; empty where there is none."""
    path = os.path.join(model, FILE)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        found: dict[str, Any] = json.loads(file.read())
    return found
