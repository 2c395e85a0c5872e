"""Decoding transformed features of the roles of tuples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from relation.names import prefixed
from relation.numeric.lazy import tf
from relation.spec import Relation
from trainer_module.ops import Tensor

Decode: TypeAlias = Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
"""Transformed features of a batch of entities, by name -> what a tower's network takes."""


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
