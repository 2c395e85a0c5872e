"""The measurement of the test split: it takes thresholds from the eval split, and has no gates."""

import copy
import json
import math
from collections.abc import Mapping
from typing import Any

from components.common.evaluation.evaluation_results import Verdict
from relation.files.saved_model import THRESHOLDS


def config_of_test(config: Any, values: Mapping[str, float]) -> Any:
    """Return the configuration of an evaluation that chooses and refuses nothing.

    Args:
      config: the EvalConfig of the eval split.
      values: metrics of the eval split, with the decision thresholds that it chose.

    Returns:
      An EvalConfig of the whole split, without slices and bounds. Metrics at a threshold take that
      of the eval split, and are left out where it has none.
    """
    tested = copy.deepcopy(config)
    del tested.slicing_specs[:]
    tested.slicing_specs.add()
    for spec in tested.metrics_specs:
        settings = [json.loads(metric.config) for metric in spec.metrics]
        names = {each["name"] for each in settings}
        kept = []
        for metric, each in zip(spec.metrics, settings, strict=True):
            threshold, at = THRESHOLDS.get(each["name"]), None
            if threshold is not None and threshold in names:
                at = values.get(threshold, math.nan)
            if each["name"] in THRESHOLDS.values() or (at is not None and not math.isfinite(at)):
                continue
            metric.ClearField("per_slice_thresholds")
            metric.config = json.dumps({**each, "at": at}, sort_keys=True)
            kept.append(copy.deepcopy(metric))
        del spec.metrics[:]
        spec.metrics.extend(kept)
    return tested


def of_split(measured: Verdict) -> dict[str, Any]:
    """Return what a verdict holds of the test split."""
    return {
        "metrics": dict(measured.metrics),
        "intervals": {name: list(pair) for name, pair in measured.intervals.items()},
        "undefined": dict(measured.undefined),
    }
