"""The values of a feature of a tf.Example, whatever its type."""

from relation.numeric.lazy import tf


def values_of(feature: "tf.train.Feature") -> tuple[bytes | int | float, ...]:
    """Return the values of a feature of a tf.Example; none where it holds no list."""
    kind = feature.WhichOneof("kind")
    return tuple(getattr(feature, kind).value) if kind else ()
