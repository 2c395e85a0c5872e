"""What TFX's Trainer calls: transformed tuples in, a SavedModel and TensorBoard logs out."""

import logging
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from relation.errors import DataError
from relation.recipe import Training
from trainer_module.history import History, write_history
from trainer_module.inputs import tuple_dataset
from trainer_module.model import RelationalModel, TupleLoss
from trainer_module.parts import HEADS, LOSSES, TOWERS, Head
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
    relation, features = request.preprocessing.relation, request.preprocessing.features
    transform = tft.TFTransformOutput(fn_args.transform_output)
    tower, head = TOWERS.resolve(request.model.tower), HEADS.resolve(request.model.head)
    assert isinstance(head, Head)  # `check_model` made sure.
    towers = dict.fromkeys(relation.entities, tower)
    names = tuple(feature.name for feature in features)
    model = RelationalModel(
        relation,
        dict.fromkeys(towers, names),
        {
            entity: part.build(features, vocabularies(transform, entity, features))
            for entity, part in towers.items()
        },
        head.build(),
    )
    model.compile(
        optimizer=keras.optimizers.Adam(request.training.learning_rate),
        loss=TupleLoss(LOSSES.resolve(request.model.loss)),
    )

    def dataset(files: list[str], shuffle_seed: int | None) -> tf.data.Dataset:
        spec = transform.transformed_feature_spec()
        size = request.training.batch_size
        return tuple_dataset(_expand(files), spec, relation, towers, names, size, shuffle_seed)

    history = _fit(
        model,
        dataset(fn_args.train_files, request.training.seed),
        dataset(fn_args.eval_files, None),
        request.training,
        fn_args.model_run_dir,
    )
    write_history(history, fn_args.model_run_dir)
    module = ServingModule(model, transform, relation, features, towers, head)
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
