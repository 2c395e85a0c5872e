"""The entry point of TFX's Tuner: random search over a recipe's search space, from its seed."""

import logging
import tempfile
from collections.abc import Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine import base_tuner, trial
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from relation.core.errors import DataError, UserError, named
from relation.files.disk import is_full
from relation.tuning import Range, Tuning, Value
from trainer_module.request import KEY, TrainingRequest
from trainer_module.training.epoch_metric import epoch_metric
from trainer_module.training.training_run import Files, TrainingRun
from trainer_module.training.trial_values import tuned

progress = logging.getLogger("relata.progress")


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """A search for the values with the lowest validation loss, or the best metric.

    Args:
      fn_args: TFX's; `custom_config` holds a TrainingRequest with `tuning`, as JSON.
    """
    request = TrainingRequest.model_validate_json(fn_args.custom_config[KEY])
    assert request.tuning is not None
    files = Files(fn_args.transform_graph_path, fn_args.train_files, fn_args.eval_files)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=_objective(request),
        max_trials=request.tuning.trials,
        seed=request.training.seed + 1,  # Keras Tuner takes 0 for none.
        hyperparameters=space_of(request.tuning),
        allow_new_entries=False,
        max_retries_per_trial=0,  # Trials are seeded: the same values would fail again.
        max_consecutive_failed_trials=request.tuning.trials + 1,  # None ends the search.
    )
    trials = Trials(request, files, oracle=oracle, directory=fn_args.working_dir)
    return TunerFnResult(tuner=trials, fit_kwargs={})


def _objective(request: TrainingRequest) -> keras_tuner.Objective:
    """The metric that chooses the epoch, which compares trials, too; or the validation loss."""
    prepared = request.preprocessing
    metric = epoch_metric(request.training, request.model, prepared.compiled)
    if metric is None:
        return keras_tuner.Objective("val_loss", "min")
    return keras_tuner.Objective(metric.name, "max" if metric.better == "higher" else "min")


def space_of(tuning: Tuning) -> keras_tuner.HyperParameters:
    """The search space in Keras Tuner's form."""
    space = keras_tuner.HyperParameters()
    for name, values in tuning.space.items():
        if isinstance(values, Range):
            kind = space.Int if values.whole else space.Float
            sampling = "log" if values.log else "linear"
            kind(name, values.min, values.max, sampling=sampling)
        else:
            space.Choice(name, list(values))
    return space


class Trials(base_tuner.BaseTuner):
    """Trains a model for each trial; its value is that of the kept epoch.

    A trial that raises, as one does whose loss is not finite, fails; the others go on. An error of
    the system, such as a full disk, ends the search: it is not due to the values.
    """

    def __init__(self, request: TrainingRequest, files: Files, **kwargs: Any):
        self._request, self._files = request, files
        self.failures: dict[str, str] = {}
        """Reason by id of the failed trial, in the order of the trials."""
        super().__init__(project_name="trials", overwrite=True, **kwargs)

    def run_trial(self, trial: trial.Trial, *args: Any, **kwargs: Any) -> float:
        """The validation loss of the trial's values, or the metric that chooses the epoch.

        Raises:
          FailedTrialError: the values cannot be trained with; the search goes on.
          FatalError: the system failed; the search ends.
        """
        values = trial.hyperparameters.values
        shown = "  ".join(
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in values.items()
        )
        progress.info("trial %s: %s", trial.trial_id, shown)
        try:
            return self._value_of(values)
        except Exception as error:
            if isinstance(error, OSError) or is_full(error):
                raise keras_tuner.errors.FatalError(str(error)) from error
            reason = str(error) if isinstance(error, UserError) else named(error)
            self.failures[trial.trial_id] = reason
            progress.info("trial %s failed: %s", trial.trial_id, reason)
            raise keras_tuner.errors.FailedTrialError(reason) from error

    def on_search_end(self) -> None:
        """Says how many trials there were, if fewer than requested.

        Raises:
          DataError: all failed. Keras Tuner would take one of them for the best.
        """
        ran, requested = len(self.oracle.trials), self.oracle.max_trials
        if len(self.failures) == ran:
            reason = next(iter(self.failures.values()))
            raise DataError(f"tuning: all {ran} trials failed, the first because of: {reason}")
        if ran < requested:
            progress.info("%d of %d trials: tuning.space gave no further values", ran, requested)

    def _value_of(self, values: Mapping[str, Value]) -> float:
        with tempfile.TemporaryDirectory() as logs:
            _, history = TrainingRun(tuned(self._request, values), self._files).fit(logs)
        metric = history.kept_metric
        return history.kept_loss if metric is None else metric
