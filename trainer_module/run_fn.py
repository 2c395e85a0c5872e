"""The entry point of TFX's Trainer: transformed tuples in, a SavedModel and TensorBoard logs
out."""

from tfx.components.trainer.fn_args_utils import FnArgs

from trainer_module.model.interface import interface_of, write_interface
from trainer_module.model.signatures import ServingModule
from trainer_module.model.transform_graph import TransformGraph
from trainer_module.request import KEY, TrainingRequest
from trainer_module.training.callbacks.projector import write_projector
from trainer_module.training.custom_loop import is_chief
from trainer_module.training.history import write_history
from trainer_module.training.training_run import Files, TrainingRun
from trainer_module.training.trial_values import best_values, tuned


def run_fn(fn_args: FnArgs) -> None:
    """Trains the recipe's model, keeps one epoch, and exports it.

    After a Tuner, the values of its best trial replace those of the recipe. A base model provides
    initial weights. Of several workers only the chief writes.

    Args:
      fn_args: TFX's; `custom_config` holds a TrainingRequest as JSON.

    Raises:
      DataError: a loss is not finite, or there are too few tuples.
    """
    request = TrainingRequest.model_validate_json(fn_args.custom_config[KEY])
    if fn_args.hyperparameters is not None:
        request = tuned(request, best_values(fn_args.hyperparameters))
    files = Files(fn_args.transform_output, fn_args.train_files, fn_args.eval_files)
    run = TrainingRun(request, files)
    model, history = run.fit(fn_args.model_run_dir, fn_args.base_model)
    if not is_chief():
        return
    write_history(history, fn_args.model_run_dir)
    if points := run.points(model):
        write_projector(points, fn_args.model_run_dir)
    labels = request.preprocessing.labels
    transform = TransformGraph(run.transform)
    module = ServingModule(model, transform, run.features, run.towers, labels)
    module.save(fn_args.serving_model_dir)
    write_interface(interface_of(request, model.task), fn_args.serving_model_dir)
