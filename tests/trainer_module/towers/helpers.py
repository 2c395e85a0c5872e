"""What tests of towers share: features, and what must hold of any tower."""

import keras
import numpy as np
import tensorflow as tf

from relation.schema import Feature, FeatureKind

IMAGE = Feature(name="photo", kind=FeatureKind.IMAGE, dtype="bytes", width=1)
PRICE = Feature(name="price", kind=FeatureKind.NUMERIC, dtype="float", width=2)
COLOUR = Feature(name="colour", kind=FeatureKind.CATEGORICAL, dtype="bytes", width=1)
TRIM = Feature(name="trim", kind=FeatureKind.CATEGORICAL, dtype="bytes", width=3)
TITLE = Feature(name="title", kind=FeatureKind.TEXT, dtype="bytes", width=6)
MAKER = Feature(name="maker", kind=FeatureKind.TEXT, dtype="bytes", width=4)


def embed(network: keras.Model, inputs: dict, training: bool = False) -> np.ndarray:
    """The network's answer to arrays."""
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    return network(tensors, training=training).numpy()


def weights_of(tower, features, vocabularies, seed: int) -> list[bytes]:
    """The initial weights of a network built with a seed."""
    keras.utils.set_random_seed(seed)
    return [w.tobytes() for w in tower.build(features, vocabularies).get_weights()]


def saved_and_loaded(network: keras.Model, inputs: dict, folder) -> np.ndarray:
    """The answer of the network's SavedModel to arrays."""
    module = tf.Module()
    module.network = network
    module.held = [variable.value for variable in network.variables]
    specs = {
        name: tf.TensorSpec([None, *np.shape(value)[1:]], np.asarray(value).dtype, name=name)
        for name, value in inputs.items()
    }
    module.serve = tf.function(lambda features: network(features), input_signature=[specs])
    tf.saved_model.save(module, str(folder))
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    loaded = tf.saved_model.load(str(folder))
    return loaded.serve(tensors).numpy()


def gradients(network: keras.Model, inputs: dict) -> list[np.ndarray]:
    """Of the sum of squares of (embedding - 1), by every trainable weight, as dense arrays."""
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    variables = [variable.value for variable in network.trainable_variables]
    with tf.GradientTape() as tape:
        value = tf.reduce_sum((network(tensors, training=True) - 1.0) ** 2)
    return [tf.convert_to_tensor(g).numpy() for g in tape.gradient(value, variables)]
