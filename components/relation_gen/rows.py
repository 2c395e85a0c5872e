"""What RelationGen needs to know of an entity's rows, derived from the request and the schema."""

from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import schema_pb2

from relation import schema as schemas
from relation.errors import DataError
from relation.recipe import Materialization


@dataclass(frozen=True)
class RowSpec:
    """The features of a row, sorted by name, and the parts that some of them play.

    `id_feature` and `label_feature` are of bytes, or of integers where the flag beside says so.
    `schema`: serialized, with type and name alone, sorted by name.
    """

    names: tuple[str, ...]
    id_feature: str
    id_is_int: bool
    label_feature: str
    label_is_int: bool
    images: tuple[str, ...]
    floats: tuple[str, ...]
    schema: bytes

    @property
    def encoded_names(self) -> tuple[bytes, ...]:
        """The names as they stand in a serialized tf.Example."""
        return tuple(name.encode() for name in self.names)


def row_spec(request: Materialization, schema: schema_pb2.Schema) -> RowSpec:
    """Derives the row of the requested relation's entity type.

    Raises:
      DataError: the schema lacks the id or label feature, or it is no bytes or integer feature.
    """
    label = request.relation.source.feature
    keys = schemas.key_features(schema)
    for name in (request.id_feature, label):
        if name not in keys:
            raise DataError(
                f"schema: feature {name!r} must be there, of type BYTES or INT and no image; "
                f"such features are {', '.join(keys) or 'none'}"
            )
    features = schemas.read_features(schema)
    types = {feature.name: feature.type for feature in schema.feature}
    bare = schema_pb2.Schema()
    for name in sorted(types):
        bare.feature.add(name=name, type=types[name])
    return RowSpec(
        names=tuple(sorted(types)),
        id_feature=request.id_feature,
        id_is_int=types[request.id_feature] == schema_pb2.INT,
        label_feature=label,
        label_is_int=types[label] == schema_pb2.INT,
        images=tuple(
            name for name in sorted(features) if features[name].kind is schemas.FeatureKind.IMAGE
        ),
        floats=tuple(name for name in sorted(types) if types[name] == schema_pb2.FLOAT),
        schema=bare.SerializeToString(deterministic=True),
    )
