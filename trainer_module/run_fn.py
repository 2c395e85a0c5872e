"""What TFX's Trainer calls: transformed tuples in, a SavedModel and TensorBoard logs out."""

import logging
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from relation.errors import DataError
from relation.recipe import Training
from trainer_module.answers import answer_of
from trainer_module.history import History, write_history
from trainer_module.inputs import tuple_dataset
from trainer_module.model import RelationalModel
from trainer_module.objective_of import objective_of
from trainer_module.parts import HEADS, TOWERS
from trainer_module.preprocessing import vocabularies
from trainer_module.request import KEY, TrainingRequest
from trainer_module.signatures import ServingModule

progress = logging.getLogger("relata.progress")
"""What a person wants to read while it trains; the runner decides where it goes."""


def run_fn(fn_args: FnArgs) -> None:
    """Trains the model that the recipe describes, keeps its best epoch, and exports it.

    Args:
      fn_args: TFX's; `custom_config` holds a TrainingRequest as JSON.

    Raises:
      DataError: the loss became NaN.
    """
    request = TrainingRequest.model_validate_json(fn_args.custom_config[KEY])
    # Enough for equal weights on equal CPUs (tested). `enable_op_determinism` would add nothing
    # there, but keep the input pipeline from running ahead: half as long again an epoch.
    keras.utils.set_random_seed(request.training.seed)
    prepared = request.preprocessing
    relation, features = prepared.relation, prepared.features
    transform = tft.TFTransformOutput(fn_args.transform_output)
    towers = {name: TOWERS.resolve(request.model.tower_of(name)) for name in relation.entities}
    names = {name: tuple(f.name for f in features[name]) for name in relation.entities}
    head = HEADS.resolve(request.model.head)
    answer = answer_of(head, relation, len(prepared.materialization.tags))
    spec = transform.transformed_feature_spec()
    objective = objective_of(request, answer, _expand(fn_args.train_files), transform)
    model = RelationalModel(
        answer,
        names,
        {
            name: tower.build(features[name], vocabularies(transform, name, features[name]))
            for name, tower in towers.items()
        },
        objective,
    )
    model.compile(optimizer=keras.optimizers.Adam(request.training.learning_rate))

    def dataset(files: list[str], shuffle_seed: int | None) -> tf.data.Dataset:
        size = request.training.batch_size
        paths, reads = _expand(files), objective.reads
        return tuple_dataset(paths, spec, answer, towers, names, size, shuffle_seed, reads)

    history = _fit(
        model,
        dataset(fn_args.train_files, request.training.seed),
        dataset(fn_args.eval_files, None),
        request.training,
        fn_args.model_run_dir,
    )
    write_history(history, fn_args.model_run_dir)
    module = ServingModule(model, transform, features, towers, prepared.labels)
    module.save(fn_args.serving_model_dir)


def _expand(patterns: list[str]) -> list[str]:
    return [path for pattern in patterns for path in tf.io.gfile.glob(pattern)]


def _fit(
    model: RelationalModel,
    train: tf.data.Dataset,
    validation: tf.data.Dataset,
    training: Training,
    log_dir: str,
) -> History:
    """Fits with early stopping on the validation loss; the best epoch's weights are kept."""
    result = model.fit(
        train,
        validation_data=validation,
        epochs=training.epochs,
        verbose=0,
        callbacks=[
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.EarlyStopping(
                "val_loss", patience=training.patience, restore_best_weights=True
            ),
            keras.callbacks.TensorBoard(log_dir),
            _Progress(training.epochs),
        ],
    )
    return History(loss=result.history["loss"], val_loss=result.history["val_loss"])


class _Progress(keras.callbacks.Callback):
    """One line an epoch; a loss that is not a number ends the run with a sentence that says so."""

    def __init__(self, epochs: int):
        super().__init__()
        self._epochs = epochs

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        values = {name: float(value) for name, value in (logs or {}).items()}
        for name, value in values.items():
            if value != value:
                raise DataError(
                    f"training: {name} is NaN after epoch {epoch + 1}: lower "
                    "training.learning_rate, or look for extreme values in the features"
                )
        shown = "  ".join(f"{name} {value:.4f}" for name, value in values.items())
        progress.info("epoch %d/%d  %s", epoch + 1, self._epochs, shown)
