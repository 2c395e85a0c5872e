"""Decoding transformed features of the roles of tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from relation.names import prefixed
from relation.numeric.lazy import tf
from relation.schema import Feature, FeatureKind
from relation.spec import Relation
from trainer_module.ops import Tensor

Decode: TypeAlias = Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
"""Transformed features of a batch of entities, by name -> what a tower's network takes."""

WORDS = 8
"""Texts are cut to multiples of so many words: few shapes, since XLA compiles each anew."""


def without_padding(decode: Decode, features: Iterable[Feature]) -> Decode:
    """`decode`, but of texts without the padding that all rows of a batch end with.

    Args:
      decode: of the tower of an entity type.
      features: of that type; a text is int64 [batch, n], words before padding (0).
    """
    texts = {feature.name for feature in features if feature.kind is FeatureKind.TEXT}

    def decode_words(transformed: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return decode(
            {
                name: value[:, : _words(value)] if name in texts else value
                for name, value in transformed.items()
            }
        )

    return decode_words if texts else decode


def _words(texts: Tensor) -> Tensor:
    """The least multiple of `WORDS` that no text is longer than: int64 [batch, n] -> scalar."""
    longest = tf.maximum(tf.reduce_max(tf.math.count_nonzero(texts, axis=1)), 1)
    return -(-longest // WORDS) * WORDS


def decode_roles(
    relation: Relation,
    decoders: Mapping[str, Decode],
    names: Mapping[str, Sequence[str]],
    transformed: Mapping[str, Tensor],
    roles: Sequence[str],
) -> dict[str, Tensor]:
    """Decode the features of some roles.

    Roles of one entity type are decoded together.

    Args:
      decoders: those of the towers, by entity type.
      names: names of the features of each entity type.
      transformed: features [batch, ...] by `<role>_<feature>`.

    Returns:
      Decoded features [batch, ...] by `<role>_<feature>`.
    """
    decoded = {}
    for entity, decoder in decoders.items():
        mine = [role for role in relation.roles_of(entity) if role in roles]
        if not mine:
            continue
        joined = {
            name: tf.concat([transformed[prefixed(role, name)] for role in mine], axis=0)
            for name in names[entity]
        }
        for name, value in decoder(joined).items():
            for role, part in zip(mine, tf.split(value, len(mine)), strict=True):
                decoded[prefixed(role, name)] = part
    return decoded
