"""Rows, as short as a test can say them."""

import numpy as np
import tensorflow as tf


def example(**values):
    """A row: bytes and whole numbers as what they are, all else as floats, in whatever shape."""
    found = tf.train.Example()
    for name, value in values.items():
        feature = found.features.feature[name]
        if isinstance(value, bytes):
            feature.bytes_list.value.append(value)
        elif isinstance(value, int):
            feature.int64_list.value.append(value)
        else:
            feature.float_list.value.extend(np.ravel(value))
    return found
