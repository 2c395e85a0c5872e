"""TFX's Tuner, which also writes why trials failed: TFX's own results leave those out."""

from typing import Any

from tfx.components.tuner import executor
from tfx.types import Artifact, artifact_utils

from components.tuner.trial_counts import TrialCounts, write_counts


class Executor(executor.Executor):
    """TFX's executor; its tuner has `failures`, the reason by failed trial."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Search as the base class does, and write the failed trials beside its results."""
        tuner = executor.search(input_dict, exec_properties, self._get_tmp_dir())
        executor.write_best_hyperparameters(tuner, output_dict)
        oracle, objective = tuner.oracle, tuner.oracle.objective
        counts = TrialCounts(oracle.max_trials, tuner.failures, objective.name, objective.direction)
        write_counts(counts, artifact_utils.get_single_uri(output_dict["tuner_results"]))
