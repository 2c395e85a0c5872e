"""The decision threshold of a served model: two examples are related from this score on.

The Evaluator chooses it after the model was exported. So it lies beside the graph, in
`assets.extra/decision.json`, a folder that TensorFlow Serving does not read.
"""

import json
import math
import os
from typing import Any

import tensorflow as tf

from components.common.evaluation.evaluation_results import Verdict

FILE = os.path.join("assets.extra", "decision.json")
CHOICES = {"accuracy": "threshold", "f1": "f1_threshold"}
"""By the metric that a threshold maximizes: the metric that holds the threshold."""


def decision_of(verdict: Verdict) -> dict[str, Any]:
    """Read the decision thresholds from a verdict.

    Returns:
      By maximized metric: `score`, the threshold, and `reached`, the metric's value on other
      tuples. Empty where the model does not say whether two examples are related.
    """
    decision = {}
    for name, threshold in CHOICES.items():
        score, reached = verdict.metrics.get(threshold), verdict.metrics.get(name)
        if score is not None and reached is not None and math.isfinite(score):
            decision[name] = {"score": score, "reached": reached}
    return decision


def write(decision: dict[str, Any], model: str) -> None:
    """Write a decision into the folder of a SavedModel."""
    path = os.path.join(model, FILE)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps(decision, indent=2, allow_nan=False) + "\n")


def read(model: str) -> dict[str, Any]:
    """Read the decision of a SavedModel; empty where there is none."""
    path = os.path.join(model, FILE)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        decision: dict[str, Any] = json.loads(file.read())
    return decision
