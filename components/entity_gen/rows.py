"""Which rows can be used: those with an id that the splits can hash."""

import tensorflow as tf


def id_fault(example: tf.train.Example, id_feature: str) -> str | None:
    """What is wrong with the id of a row: it is one value, bytes (not empty) or an integer.

    Returns:
      The predicate of a sentence about the row ("has no id feature 'id'"), or None if all is well.
    """
    features = example.features.feature
    if id_feature not in features:  # Looking it up in the map would add it.
        return f"has no id feature {id_feature!r}"
    feature = features[id_feature]
    kind = feature.WhichOneof("kind")
    if kind == "float_list":
        return f"has an id feature {id_feature!r} of type float; expected bytes or integer"
    values = [] if kind is None else getattr(feature, kind).value
    if len(values) != 1:
        return f"has {len(values)} values in its id feature {id_feature!r}; expected one"
    if values[0] == b"":
        return f"has an empty id feature {id_feature!r}"
    return None
