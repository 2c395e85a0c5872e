"""Compiled relations for tests, made of the parts of a recipe that they follow from."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import text_format
from pydantic import TypeAdapter
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.compiled import CompiledRelation
from relation.compiler import compile_relation
from relation.data import Data
from relation.relation_types import RelationConfig

_NAMING = ("feature", "group")
"""Keys of a source that name features of bytes."""


def compiled(
    entities: Mapping[str, str],
    relation: Mapping[str, Any],
    schemas: Mapping[str, schema_pb2.Schema | str] | None = None,
    edges: Mapping[str, Any] | None = None,
    **data: Any,
) -> CompiledRelation:
    """Compiles a relation.

    Args:
      entities: the id feature of each entity type.
      relation: as a recipe says it.
      schemas: of entity types and tables; by default of bytes, the id and what the source names.
      edges: what the recipe says of edge lists, but for schema and path.
      **data: further keys of `data`.
    """
    tables = {
        "entities": {name: {"schema": "none", "id": key} for name, key in entities.items()},
        "edges": {
            name: {"schema": "none", "path": "none", **more} for name, more in (edges or {}).items()
        },
    }
    source = relation["source"]
    named = [source[key] for key in _NAMING if key in source]
    found = {name: _of_bytes(key, *named) for name, key in entities.items()}
    for name, schema in (schemas or {}).items():
        found[name] = _parsed(schema) if isinstance(schema, str) else schema
    for name in tables["edges"]:
        found.setdefault(name, schema_pb2.Schema())
    return compile_relation(
        Data.model_validate({**tables, **data}),
        TypeAdapter[RelationConfig](RelationConfig).validate_python(relation),
        found,
    )


def _parsed(text: str) -> schema_pb2.Schema:
    return text_format.Parse(text, schema_pb2.Schema())


def _of_bytes(*names: str) -> schema_pb2.Schema:
    schema = schema_pb2.Schema()
    for name in dict.fromkeys(names):
        schema.feature.add(name=name, type=schema_pb2.BYTES)
    return schema
