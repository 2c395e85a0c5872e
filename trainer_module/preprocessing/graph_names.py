"""Names in the graph of Transform, and of its files: of what is learnt of features.

A feature may have any name, but scopes of TensorFlow and files may not.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence

from relation.schema import Feature, FeatureKind

TAG_COUNTS = "tag_counts"
"""The vocabulary of tags with their counts."""
LONGEST = 100
"""Characters of an ordinary name; names of files have a limit of 255."""
_ORDINARY = re.compile(r"[a-z][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*")


def graph_names(features: Mapping[str, Sequence[Feature]]) -> dict[tuple[str, str], str]:
    """Name the statistics or the vocabulary of each feature.

    All texts of an entity type share their words; categories that name one domain of the schema
    share their vocabulary, also across entity types. So they share a name; no others do.

    Args:
      features: by entity type.

    Returns:
      Names by (entity type, feature). An ordinary name holds both as they are; one that cannot
      be a scope or a file, or is another's already, ends in a hash instead.

    >>> price = Feature(name="price", kind=FeatureKind.NUMERIC, dtype="float", width=1)
    >>> unit_price = price.model_copy(update={"name": "unit price"})
    >>> list(graph_names({"item": [price, unit_price]}).values())
    ['item_price', 'item_unit_price_8f031d5dd71cda1c']
    """
    names: dict[tuple[str, ...], str] = {}
    result = {}
    for entity, own in features.items():
        for feature in own:
            key = _shared(entity, feature)
            if key not in names:
                names[key] = _graph_name("_".join(key[1:]), key, {TAG_COUNTS, *names.values()})
            result[entity, feature.name] = names[key]
    return result


def _shared(entity: str, feature: Feature) -> tuple[str, ...]:
    """What features have in common that share a vocabulary; the name follows the first word."""
    if feature.kind is FeatureKind.TEXT:
        return ("text", entity, "words")
    if feature.kind is FeatureKind.CATEGORICAL and feature.domain is not None:
        return ("shared", "domain", feature.domain)
    return ("own", entity, feature.name)


def _graph_name(name: str, key: tuple[str, ...], taken: set[str]) -> str:
    if _ORDINARY.fullmatch(name) and len(name) <= LONGEST and name not in taken:
        return name
    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:16]
    return f"{re.sub('[^A-Za-z0-9]+', '_', name)[:LONGEST].rstrip('_')}_{digest}"
