"""How the files of a table are read: by the types of its schema, where the format has none."""

from typing import NamedTuple

from pipeline.stages.file_patterns import read_tables
from relation.load import LoadedRecipe
from relation.schema import FeatureKind, read_features


class RowReading(NamedTuple):
    """What a reader needs of a recipe.

    types: "bytes", "int" or "float" by column; only formats without types depend on the schema.
    images: features that hold images, where files hold their paths instead.
    derived_id: the feature for an id that is a hash of a row's other features; None: rows have one.
    """

    types: dict[str, str]
    images: tuple[str, ...]
    derived_id: str | None


def row_reading(loaded: LoadedRecipe, name: str) -> RowReading:
    """Return how an entity type or edge list is read."""
    table, features = read_tables(loaded.recipe)[name], read_features(loaded.schemas[name])
    entity = loaded.recipe.data.entities.get(name)
    derived_id = entity.id if entity is not None and entity.derive_id else None
    types: dict[str, str] = {}
    if table.format != "tfrecord":
        types = {feature: one.dtype for feature, one in features.items() if feature != derived_id}
    images: tuple[str, ...] = ()
    if table.format == "image_manifest":
        images = tuple(n for n, one in features.items() if one.kind is FeatureKind.IMAGE)
    return RowReading(types, images, derived_id)
