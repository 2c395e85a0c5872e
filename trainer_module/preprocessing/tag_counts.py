"""Frequencies of tags among training entities: Transform counts them, a loss weights tags by
them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_transform as tft

_NAME = "tag_counts"


def count_tags(tags: tf.SparseTensor) -> None:
    """Counts the values of a feature, string [batch, any], of the entities that are analyzed."""
    tft.vocabulary(tags, store_frequency=True, vocab_filename=_NAME, name=_NAME)


def inverse_frequencies(
    transform: tft.TFTransformOutput, domain: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Weights of tags, [tags] in the order of the domain: 1 / count, scaled to a mean of 1.

    A tag that no entity has counts as 1.
    """
    lines = (line.split(b" ", 1) for line in transform.vocabulary_by_name(_NAME))
    counts = {value.decode(): int(count) for count, value in lines}
    inverse = 1.0 / np.array([counts.get(value, 1) for value in domain])
    return (inverse / inverse.mean()).astype(np.float32)
