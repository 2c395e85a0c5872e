"""Leaves out a baseline that is the candidate itself.

The local and the Airflow engine resolve the latest *other* blessed model (`components.resolver`).
Kubeflow's compiler knows TFX's own strategy only, which answers with the candidate when the Trainer
was served from the cache: compared with itself, no model is ever worse.
"""

from typing import Any

from tfx.components.evaluator import executor
from tfx.types import Artifact
from tfx.types.standard_component_specs import BASELINE_MODEL_KEY, MODEL_KEY


class Executor(executor.Executor):
    """TFX's executor, without a baseline that has the candidate's URI."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See the base class."""
        candidates = {model.uri for model in input_dict[MODEL_KEY]}
        baseline = input_dict.get(BASELINE_MODEL_KEY, [])
        kept = [model for model in baseline if model.uri not in candidates]
        super().Do({**input_dict, BASELINE_MODEL_KEY: kept}, output_dict, exec_properties)
