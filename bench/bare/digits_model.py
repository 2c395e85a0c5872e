"""A convolutional classifier of the layers of `trainer_module/towers/cnn.py`, in plain Keras."""

from collections.abc import Callable

import configs
import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx import v1 as tfx
from tfx_bsl.public import tfxio


def _input_fn(
    files: list[str],
    accessor: tfx.components.DataAccessor,
    transform: tft.TFTransformOutput,
) -> tf.data.Dataset:
    return accessor.tf_dataset_factory(
        files,
        tfxio.TensorFlowDatasetOptions(batch_size=configs.BATCH_SIZE, label_key="label_xf"),
        transform.transformed_metadata.schema,
    ).repeat()


def _build_model() -> keras.Model:
    image = keras.Input((8, 8, 1), name="image_xf")
    x = keras.layers.RandomTranslation(0.1, 0.1, fill_mode="constant")(image)
    x = keras.layers.Conv2D(32, 3, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Conv2D(64, 3, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(128, activation="relu")(x)
    x = keras.layers.Dropout(0.2)(x)
    x = keras.layers.Dense(64, activation="relu")(x)
    model = keras.Model({"image_xf": image}, keras.layers.Dense(10)(x))
    model.compile(
        optimizer=keras.optimizers.Adam(configs.LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )
    return model


def _serving_signature(
    module: tf.Module, transform: tft.TFTransformOutput
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = transform.raw_feature_spec()
        spec.pop("label")  # Not there when the model is served.
        features = module.transform_layer(tf.io.parse_example(examples, spec))
        return {"outputs": module.model({"image_xf": features["image_xf"]})}

    return serve


def run_fn(fn_args: tfx.components.FnArgs) -> None:
    transform = tft.TFTransformOutput(fn_args.transform_output)
    model = _build_model()
    model.fit(
        _input_fn(fn_args.train_files, fn_args.data_accessor, transform),
        epochs=configs.EPOCHS,
        steps_per_epoch=fn_args.train_steps // configs.EPOCHS,
        validation_data=_input_fn(fn_args.eval_files, fn_args.data_accessor, transform),
        validation_steps=fn_args.eval_steps,
        callbacks=[keras.callbacks.TensorBoard(fn_args.model_run_dir, update_freq="epoch")],
        verbose=2,
    )
    # The Transform layer is no Keras 3 layer, so both are held by a module.
    module = tf.Module()
    module.model = model
    module.variables_ = [variable.value for variable in model.variables]
    module.transform_layer = transform.transform_features_layer()
    tf.saved_model.save(
        module,
        fn_args.serving_model_dir,
        signatures={"serving_default": _serving_signature(module, transform)},
    )
