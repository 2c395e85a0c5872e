"""What tests of losses share: calling one on arrays, and its gradient."""

import keras
import numpy as np
import tensorflow as tf


def tensor(x, dtype: str = "float32"):
    """Floats in `dtype`; bools and None as they are."""
    if x is None:
        return None
    x = np.asarray(x)
    return keras.ops.convert_to_tensor(x if x.dtype == bool else x.astype(dtype))


def value(loss, *arrays, dtype: str = "float32", **more) -> np.ndarray:
    """The loss of arrays, float64; it must be float32 or wider before that."""
    more = {name: tensor(x, dtype) for name, x in more.items()}
    result = loss(*(tensor(x, dtype) for x in arrays), **more)
    assert result.dtype.name in ("float32", "float64")
    return np.asarray(result, np.float64)


def gradient(loss, *arrays, dtype: str = "float32", **more) -> np.ndarray:
    """d(sum of the loss) / d(second array for (truth, scores), first for (scores, masks))."""
    tensors = [tensor(x, dtype) for x in arrays]
    more = {name: tensor(x, dtype) for name, x in more.items()}
    place = 0 if len(tensors) > 2 and tensors[1].dtype == tf.bool else 1
    with tf.GradientTape() as tape:
        tape.watch(tensors[place])
        total = tf.reduce_sum(loss(*tensors, **more))
    result = tape.gradient(total, tensors[place])
    return np.zeros(tensors[place].shape) if result is None else np.asarray(result, np.float64)


def softplus(x):
    return np.logaddexp(0.0, x)
