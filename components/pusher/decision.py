"""The decision threshold of a served model: two examples are related from this score on.

The Evaluator chooses it after the model was exported. So it lies beside the graph.
"""

import math

from components.common.evaluation.evaluation_results import Verdict
from relation.files.saved_model import THRESHOLDS, Threshold


def decision_of(verdict: Verdict) -> dict[str, Threshold]:
    """Read the decision thresholds from a verdict.

    Returns:
      Each by the metric that it maximizes. Empty where the model does not say whether two examples
      are related.
    """
    decision = {}
    for name, threshold in THRESHOLDS.items():
        score, reached = verdict.metrics.get(threshold), verdict.metrics.get(name)
        if score is not None and reached is not None and math.isfinite(score):
            decision[name] = Threshold(score=score, reached=reached)
    return decision
