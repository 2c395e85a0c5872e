"""Which rows can be used: those with an id, and with a value that the splits can hash."""

import tensorflow as tf


def key_fault(example: tf.train.Example, id_feature: str, what: str = "id feature") -> str | None:
    """What is wrong with the id of a row: it is one value, bytes (not empty) or an integer.

    Args:
      what: what the feature is; by default the id, but what holds of it holds of every key.

    Returns:
      The predicate of a sentence about the row ("has no id feature 'id'"), or None if all is well.
    """
    article = "an" if what.startswith("id") else "a"
    features = example.features.feature
    if id_feature not in features:  # Looking it up in the map would add it.
        return f"has no {what} {id_feature!r}"
    feature = features[id_feature]
    kind = feature.WhichOneof("kind")
    if kind == "float_list":
        return f"has {article} {what} {id_feature!r} of type float; expected bytes or integer"
    values = [] if kind is None else getattr(feature, kind).value
    if len(values) != 1:
        return f"has {len(values)} values in its {what} {id_feature!r}; expected one"
    if values[0] == b"":
        return f"has an empty {what} {id_feature!r}"
    return None
