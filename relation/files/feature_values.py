"""The values of a feature of a tf.Example, whatever its type."""

from typing import TypeAlias

from relation.numeric.lazy import tf

Value: TypeAlias = bytes | int | float
"""One value of a feature."""


def values_of(feature: "tf.train.Feature") -> tuple[Value, ...]:
    """Return the values of a feature of a tf.Example; none where it holds no list."""
    kind = feature.WhichOneof("kind")
    return tuple(getattr(feature, kind).value) if kind else ()
