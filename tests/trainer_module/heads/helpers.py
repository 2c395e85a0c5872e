"""What tests of heads share: layers called on arrays, and references in NumPy float64."""

import keras
import numpy as np
import tensorflow as tf


def call(layer: keras.layers.Layer, *embeddings, dtype: str = "float32") -> np.ndarray:
    """The layer's answer to arrays."""
    return layer(*(tf.constant(e, dtype) for e in embeddings)).numpy()


def gradients(layer: keras.layers.Layer, *embeddings, dtype: str = "float32") -> list[np.ndarray]:
    """Of the sum of the answers, by each of the embeddings."""
    points = [tf.Variable(tf.constant(e, dtype)) for e in embeddings]
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(layer(*points))
    return [tf.convert_to_tensor(g).numpy() for g in tape.gradient(value, points)]


def affine(x: np.ndarray, dense: keras.layers.Dense) -> np.ndarray:
    """A dense layer without its activation."""
    kernel, bias = (np.asarray(w, np.float64) for w in dense.get_weights())
    return x @ kernel + bias


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def perceptron(x: np.ndarray, stack: keras.layers.Layer) -> np.ndarray:
    """Dense layers with ReLU between them."""
    *hidden, last = [layer for layer in stack.layers if isinstance(layer, keras.layers.Dense)]
    for layer in hidden:
        x = relu(affine(x, layer))
    return affine(x, last)


def shake_biases(layer: keras.layers.Layer) -> None:
    """Random biases: they start at 0, which would hide that one is left out."""
    rng = np.random.default_rng(9)
    for weight in layer.trainable_weights:
        if len(weight.shape) == 1:
            weight.assign(rng.normal(size=weight.shape))
