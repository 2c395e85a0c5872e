"""Images of raw examples that cannot be used: their rows are marked, the others are answered."""

from collections.abc import Mapping

import tensorflow as tf

from relation.features.images.readable import BLANK, readable


def without_faults(
    features: Mapping[str, tf.Tensor], images: Mapping[str, bool]
) -> tuple[dict[str, tf.Tensor], tf.Tensor | None]:
    """Put a blank image in place of each that is missing or cannot be read.

    Args:
      features: transformed features [batch, ...] by name.
      images: names of encoded images, string [batch, 1]; True: "" is not a fault: it stands for a
        member that the tuple does not have.

    Returns:
      The features; and the rows whose images are all usable, bool [batch], or None without images.
    """
    result, rows = dict(features), None
    for name, may_lack in images.items():
        encoded = features[name]
        usable = readable(encoded[:, 0])
        result[name] = tf.where(usable[:, None], encoded, BLANK)
        if may_lack:
            usable |= encoded[:, 0] == ""
        rows = usable if rows is None else rows & usable
    return result, rows


def marked(answers: tf.Tensor, usable: tf.Tensor | None) -> tf.Tensor:
    """float32 [batch, ...] -> the same, NaN in rows that are not usable, bool [batch]."""
    if usable is None:
        return answers
    rows = tf.reshape(usable, [-1] + [1] * (answers.shape.rank - 1))
    return tf.where(rows, answers, float("nan"))
