"""Checks of key features: the id, and the feature whose hash splits rows."""

import tensorflow as tf

from components.common.hashing import derived_id


def key_fault(example: tf.train.Example, name: str, purpose: str = "id feature") -> str | None:
    """Check that a row has exactly one key value: an integer, or bytes that are not empty.

    Args:
      example: the row.
      name: the key feature.
      purpose: the purpose of the feature, as the message calls it.

    Returns:
      The fault, as a predicate about the row ("has no id feature 'id'"); None for a valid key.
    """
    article = "an" if purpose.startswith("id") else "a"
    features = example.features.feature
    if name not in features:  # Looking it up in the map would add it.
        return f"has no {purpose} {name!r}"
    feature = features[name]
    kind = feature.WhichOneof("kind")
    if kind == "float_list":
        return f"has {article} {purpose} {name!r} of type float; expected bytes or integer"
    values = [] if kind is None else getattr(feature, kind).value
    if len(values) != 1:
        return f"has {len(values)} values in its {purpose} {name!r}; expected one"
    if values[0] == b"":
        return f"has an empty {purpose} {name!r}"
    return None


def derive_id(example: tf.train.Example, name: str) -> None:
    """Set the id feature of a row to a hash of its other features; equal rows get equal ids.

    Args:
      example: the row; its id feature is replaced.
      name: the id feature.
    """
    features = example.features.feature
    if name in features:
        del features[name]
    payload = example.SerializeToString(deterministic=True)
    features[name].bytes_list.value.append(derived_id(payload, integer=False))
