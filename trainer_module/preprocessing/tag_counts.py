"""Frequencies of tags among training entities: Transform counts them, a loss weights tags by
them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_transform as tft

from trainer_module.preprocessing.graph_names import TAG_COUNTS
from trainer_module.preprocessing.vocabulary import as_lines


def count_tags(tags: tf.SparseTensor) -> None:
    """Counts the values of a feature, string [batch, any], of the entities that are analyzed."""
    lines = tags.with_values(as_lines(tags.values))
    tft.vocabulary(lines, store_frequency=True, vocab_filename=TAG_COUNTS, name=TAG_COUNTS)


def inverse_frequencies(
    transform: tft.TFTransformOutput, domain: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Weights of tags, [tags] in the order of the domain: 1 / count, scaled to a mean of 1.

    A tag that no entity has counts as 1.
    """
    lines = (line.split(b" ", 1) for line in transform.vocabulary_by_name(TAG_COUNTS))
    counts = {line: int(count) for count, line in lines}
    tags = as_lines(tf.constant(domain, tf.string)).numpy().tolist()
    inverse = 1.0 / np.array([counts.get(tag, 1) for tag in tags])
    return (inverse / inverse.mean()).astype(np.float32)
