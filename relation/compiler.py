"""Compiles a recipe: its source's part, and what every source has in common."""

from collections.abc import Collection, Mapping
from pathlib import Path

from tensorflow_metadata.proto.v0 import schema_pb2

from relation.compiled import (
    NO_ID,
    NO_LEFT_ID,
    NO_POPULARITY,
    NO_PROBABILITY,
    NO_RIGHT_ID,
    NO_WEIGHT,
    SEVERAL_IDS,
    CompiledRelation,
    CompiledSampling,
    KeyColumn,
    NegativesTable,
    NumberColumn,
    Relationships,
    RowRequirements,
)
from relation.core.errors import Faults
from relation.data import Data
from relation.recipe import Recipe
from relation.relation_types import RelationConfig
from relation.schema import tuple_schema
from relation.sources.base import Context
from relation.sources.column_requirements import ends
from relation.validation import data as data_checks
from relation.validation import model as model_checks
from relation.validation import sampling as sampling_checks
from relation.validation.number_ranges import with_ranges

Schemas = Mapping[str, schema_pb2.Schema]


def check_and_compile(
    recipe: Recipe,
    schemas: Schemas,
    paths: Mapping[str, Path],
    faults: Faults,
    faulty: Collection[str] = (),
) -> CompiledRelation | None:
    """Checks all that a recipe names, and compiles its relation.

    Args:
      schemas: of each entity type and edge list, by name.
      paths: where they were read.
      faults: takes each fault; it names field, received value and what was expected.
      faulty: sections of the recipe that are not valid, and so not checked.

    Returns:
      The relation; None if it has a fault.
    """
    context, source = _context(recipe.data, recipe.relation, schemas, paths), recipe.relation.source
    own = Faults()
    if data_checks.check(context, source, own):
        own.check(source.check, context)
    compiled = None if own.lines else _compiled(context, recipe.relation)
    if compiled is not None:
        own.check(sampling_checks.check, context, compiled)
        # Raises where two features of a tuple get one name.
        own.check(tuple_schema, compiled, schemas)
    faults.extend(own)
    if "model" not in faulty:
        model_checks.check(context, recipe, compiled, faults)
    return None if own.lines else compiled


def compile_relation(data: Data, relation: RelationConfig, schemas: Schemas) -> CompiledRelation:
    """Compiles a relation whose names are known to fit the data and the schemas."""
    return _compiled(_context(data, relation, schemas, {}), relation)


def _context(
    data: Data, relation: RelationConfig, schemas: Schemas, paths: Mapping[str, Path]
) -> Context:
    sampling = relation.compiled_sampling()
    return Context(data, schemas, paths, relation.type, sampling, relation.members)


def _compiled(context: Context, relation: RelationConfig) -> CompiledRelation:
    data, related = context.data, relation.source.compile(context)
    split, table = data.split, _negatives_table(context)
    rows = dict(related.rows)
    for name in data.entities:
        rows[name] = _entity_rows(context, related, name)
    if table is not None:
        rows[table.name] = RowRequirements(
            keys=(
                KeyColumn(name=table.left.id, absent=NO_LEFT_ID, several=SEVERAL_IDS),
                KeyColumn(name=table.right.id, absent=NO_RIGHT_ID, several=SEVERAL_IDS),
            ),
            numbers=(NumberColumn(name=table.probability, absent=NO_PROBABILITY),),
        )
    compiled = CompiledRelation(
        **{
            **{name: getattr(related, name) for name in Relationships.model_fields},
            "rows": rows,
            "withheld": {name: _withheld(context, related, name) for name in data.entities},
        },
        entities={name: entity.id for name, entity in data.entities.items()},
        primary=relation.source.primary(data),
        tuples=relation.tuples(related),
        sampling=_sampling(context.sampling, related),
        negatives_table=table,
        bad_rows=data.bad_rows,
        shared=(*split.shared, *(n for n in related.generated if n not in split.shared)),
        shares=data.shares,
        seed=relation.seed,
        memory_mb=relation.memory_mb,
    )
    return with_ranges(compiled)


def _entity_rows(context: Context, related: Relationships, entity: str) -> RowRequirements:
    """The source's requirements of rows, their id, and the numbers that sampling reads."""
    required = related.rows.get(entity, RowRequirements())
    identity = KeyColumn(name=context.data.entities[entity].id, absent=NO_ID, several=SEVERAL_IDS)
    numbers = {number.name: number for number in required.numbers}
    for whose, name, absent in (
        (related.candidate, context.negatives.feature, NO_POPULARITY),
        (related.anchor, context.sampling.weight, NO_WEIGHT),
    ):
        if entity == whose and name is not None:
            numbers.setdefault(name, NumberColumn(name=name, absent=absent))
    keys = {identity.name: identity}
    for key in required.keys:
        keys.setdefault(key.name, key)
    return required.model_copy(
        update={"keys": tuple(keys.values()), "numbers": tuple(numbers.values())}
    )


def _withheld(context: Context, related: Relationships, entity: str) -> tuple[str, ...]:
    """The features that are keys, labels, grades or weights, which would give the answer away."""
    sampling, negatives = context.sampling, context.negatives
    named = {
        context.data.entities[entity].id,
        context.data.split.feature,
        sampling.weight,
        sampling.group,
        negatives.group,
        negatives.feature,
        *related.withheld.get(entity, ()),
    }
    return tuple(sorted(name for name in named if name is not None))


def _negatives_table(context: Context) -> NegativesTable | None:
    name, probability = context.negatives.edges, context.negatives.probability
    if name is None or probability is None:
        return None
    left, right = ends(context.data.edges[name])
    return NegativesTable(name=name, left=left, right=right, probability=probability)


def _sampling(sampling: CompiledSampling, related: Relationships) -> CompiledSampling:
    """Fills in the default number of negatives: 1, or 0 for edges with values."""
    if sampling.negatives is not None:
        return sampling
    valued = related.edge_table is not None and related.edge_table.value is not None
    return sampling.model_copy(update={"negatives": 0 if valued else 1})
