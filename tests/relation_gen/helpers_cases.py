"""Whole materializations of small recipes, and what must hold of their tuples whatever is asked."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import tensorflow as tf
import yaml
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.input_files import input_files
from components.relation_gen.pipeline import materialize
from relation.load import LoadedRecipe, load_recipe
from relation.names import ENTITIES, TUPLE_FEATURES
from tests.relation_gen.helpers import as_dict, shards, write

Rows = Sequence[bytes]
Inputs = Mapping[str, Mapping[str, Rows]]
"""Rows of each split of each input; those under "" are split by the recipe."""

TYPES = {bytes: schema_pb2.BYTES, int: schema_pb2.INT, float: schema_pb2.FLOAT}


def schema(**features: Any) -> str:
    """A schema in text form; of each feature `bytes`, `int` or `float`, or the list of strings that
    are its domain; or any of them and the most values of a row."""
    result = schema_pb2.Schema()
    for name, given in features.items():
        kind, most = given if isinstance(given, tuple) else (given, 1)
        added = result.feature.add(name=name)
        added.value_count.max = most
        if isinstance(kind, list):
            added.type = schema_pb2.BYTES
            added.string_domain.name = name
            added.string_domain.value.extend(kind)
        else:
            added.type = TYPES[kind]
    return text_format.MessageToString(result)


def recipe(
    folder: Path,
    relation: str,
    entities: Mapping[str, str | tuple[str, str]],
    edges: Mapping[str, tuple[str, str]] | None = None,
    data: str = "",
    read: Iterable[str] | None = None,
) -> LoadedRecipe:
    """A recipe that makes data.

    Args:
      relation: YAML of the relation.
      entities: schema in text form of each type, and YAML of all else.
      edges: schema in text form, and YAML of all else, of each edge list.
      data: YAML of further keys of `data`.
      read: entity types that are read from files, all by default.
    """
    folder.mkdir(parents=True, exist_ok=True)
    read = set(entities if read is None else read)
    tables: dict[str, dict[str, Any]] = {"entities": {}, "edges": {}}
    described = {
        "entities": {n: (t, "") if isinstance(t, str) else t for n, t in entities.items()},
        "edges": dict(edges or {}),
    }
    for kind, found in described.items():
        for name, (text, more) in found.items():
            (folder / f"{name}.pbtxt").write_text(text)
            tables[kind][name] = {"schema": f"{name}.pbtxt", **(yaml.safe_load(more) or {})}
            if kind == "edges" or name in read:
                tables[kind][name]["path"] = "unused"
    content = {
        "name": "mine",
        "data": {**tables, **(yaml.safe_load(textwrap.dedent(data)) or {})},
        "relation": yaml.safe_load(textwrap.dedent(relation)),
    }
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    return load_recipe(str(path))


class Made(NamedTuple):
    """What a run made."""

    stats: dict[str, Any]
    output: Path
    loaded: LoadedRecipe
    inputs: Inputs

    def tuples(self, split: str = "train") -> list[dict[str, Any]]:
        """The tuples of a split, checked by `check`."""
        return [as_dict(record) for record in check(self, split)]

    def of(self, split: str = "train") -> dict[str, Any]:
        """The counts of a split."""
        found: dict[str, Any] = self.stats["splits"][split]
        return found


def put(folder: Path, inputs: Inputs, files: int = 1) -> list[Any]:
    """Writes rows, and returns their files."""
    found = []
    for name, splits in inputs.items():
        for split, rows in splits.items():
            target = folder / name / (f"Split-{split}" if split else "all")
            for index in range(files):
                write(target / f"{index}.gz", rows[index::files])
            found += input_files(name, [str(target / "*")])
    return found


def make(
    loaded: LoadedRecipe,
    inputs: Inputs,
    folder: Path,
    files: int = 1,
    flags: Sequence[str] = (),
) -> Made:
    """Runs a materialization of rows that lie in some files, in the splits of the recipe."""
    split = loaded.recipe.data.split
    output = folder / "out"
    stats = materialize(
        loaded.compiled,
        loaded.schemas,
        put(folder / "in", inputs, files),
        list(loaded.compiled.shares),
        list(loaded.compiled.shares.values()),
        str(output),
        lambda: beam.Pipeline(argv=list(flags)),
        split_by=split.feature if split.unit == "group" else None,
    )
    return Made(stats, output, loaded, inputs)


def features(record: bytes) -> dict[str, Any]:
    return dict(tf.train.Example.FromString(record).features.feature)


def rows_by_id(made: Made, entity: str) -> dict[Any, list[dict[str, Any]]]:
    """The rows of an entity type that have an id, as {name: Feature}."""
    key = made.loaded.compiled.entities[entity]
    found: dict[Any, list[dict[str, Any]]] = {}
    for rows in made.inputs.get(entity, {}).values():
        for row in rows:
            given = as_dict(row)
            if key in given and not isinstance(given[key], list):
                found.setdefault(given[key], []).append(features(row))
    return found


def check(made: Made, split: str) -> list[bytes]:
    """The records of a split: every member holds all features of a row of its type and no others,
    bit by bit; they are what the schema of the tuples says; their number is the one counted."""
    asked, described = made.loaded.compiled, made.loaded.tuple_schema
    records = [record for shard in shards(made.output, split) for record in shard]
    inline = asked.structure == "inline"
    rows = {entity: rows_by_id(made, entity) for entity in asked.entities}
    for record in records:
        found = features(record)
        own = {name: found.pop(name) for name in TUPLE_FEATURES if name in found}
        _check_schema({**found, **own}, described)
        for role in asked.tuples.roles:
            prefix = f"{role.name}_"
            mine = {
                n.removeprefix(prefix): found.pop(n) for n in list(found) if n.startswith(prefix)
            }
            if inline or not mine or not made.inputs.get(role.entity):
                continue
            key = asked.entities[role.entity]
            identity = mine["id"]
            if key != "id":
                del mine["id"]
                assert mine[key] == identity
            (value,) = identity.int64_list.value or identity.bytes_list.value
            assert mine in rows[role.entity][value]
        assert not found, f"of no role: {sorted(found)}"
    if split != ENTITIES:
        assert made.of(split)["tuples"] == len(records)
    return records


def _check_schema(found: Mapping[str, Any], described: schema_pb2.Schema) -> None:
    known = {feature.name: feature for feature in described.feature}
    kinds = {
        "bytes_list": schema_pb2.BYTES,
        "int64_list": schema_pb2.INT,
        "float_list": schema_pb2.FLOAT,
    }
    found = {name: feature for name, feature in found.items() if feature.WhichOneof("kind")}
    for name, feature in found.items():
        kind = feature.WhichOneof("kind")
        assert kinds[kind] == known[name].type, name
        count = len(getattr(feature, kind).value)
        limits = known[name].value_count
        assert limits.min <= count <= (limits.max or count), name
    for name, feature in known.items():
        if feature.presence.min_fraction == 1:
            assert name in found, name


def check_entities(made: Made) -> None:
    """Each training entity of each type is once in `entities`, and no other."""
    asked = made.loaded.compiled
    first = {entity: asked.tuples.roles_of(entity)[0] for entity in asked.tuples.entities}
    found: Counter[tuple[str, Any]] = Counter()
    for record in _records(made, ENTITIES):
        given = as_dict(record)
        (entity,) = (e for e, role in first.items() if f"{role}_id" in given)
        found[entity, given[f"{first[entity]}_id"]] += 1
        if asked.structure == "tags":
            del given["relation"]  # It is made of the entity alone.
        assert all(name.startswith(f"{first[entity]}_") for name in given)
    assert set(found.values()) <= {1}
    assert made.stats["entities"] == {"train": len(found)}
    for entity in first:
        common = entity in asked.shared
        if entity in made.inputs and (common or "" not in made.inputs[entity]):
            key = asked.entities[entity]
            wanted = {
                as_dict(row)[key]
                for split, rows in made.inputs[entity].items()
                if split == "train" or common
                for row in rows
            }
            assert {value for name, value in found if name == entity} == wanted


def _records(made: Made, split: str) -> list[bytes]:
    return [record for shard in shards(made.output, split) for record in shard]


def grouped(found: Iterable[dict[str, Any]], name: str) -> dict[Any, list[dict[str, Any]]]:
    """Tuples by the value of a feature."""
    result: dict[Any, list[dict[str, Any]]] = {}
    for one in found:
        result.setdefault(one[name], []).append(one)
    return result


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def close(found: Any, expected: Any) -> bool:
    return bool(np.allclose(found, expected, rtol=1e-5, atol=0))
