"""Decide which step splits the rows of an entity type or edge list, and by what.

| | entities | inline tuples | edges |
|---|---|---|---|
| a glob for each split | as given | as given | as given |
| unit `component`, `time` | SplitGen | SplitGen | SplitGen |
| unit `group` | hash of the split's feature | the same | RelationGen, by their endpoints |
| else, and types in `shared` | hash of the id | hash of a member's id, or RelationGen | the same |
"""

from typing import NamedTuple

from pydantic import ValidationError

from components.split_gen.request import (
    EDGES,
    Column,
    EdgeEndpoints,
    Endpoint,
    SplitRequest,
)
from pipeline.stages.file_patterns import Pattern
from relation.core.errors import RecipeError
from relation.core.validation_errors import describe
from relation.load import LoadedRecipe
from relation.names import EXAMPLES, OTHER_EXAMPLES, entity_inputs, prefixed
from relation.schema import read_features

ROWS = "rows"
"""SplitGen's entity type for inline tuples, which are split by their own time."""


class HashKeys(NamedTuple):
    """The feature that identifies a row, and the feature whose hash splits rows; None for none."""

    id: str | None
    partition: str | None


class SplitStep(NamedTuple):
    """The entity type or edge list of each input of SplitGen, and its request."""

    inputs: dict[str, str]
    request: SplitRequest


def hash_keys(loaded: LoadedRecipe, name: str, pattern: Pattern) -> HashKeys:
    """Return the keys by which EntityGen splits the rows of an entity type or edge list."""
    recipe, split = loaded.recipe, loaded.recipe.data.split
    entity = recipe.data.entities.get(name)
    identity = None if entity is None else entity.id
    if not isinstance(pattern, str) or split.unit in ("component", "time"):
        return HashKeys(identity, None)
    if entity is not None:
        by_group = split.unit == "group" and name not in split.shared
        return HashKeys(identity, split.feature if by_group else identity)
    if name != _inline_rows(loaded):
        return HashKeys(None, None)
    return HashKeys(None, split.feature or _splitting_id(loaded, name))


def split_step(loaded: LoadedRecipe) -> SplitStep | None:
    """Return SplitGen's inputs and request; None where the recipe needs no such step.

    Raises:
      RecipeError: the split of the recipe is not possible.
    """
    if loaded.recipe.data.split.unit not in ("component", "time"):
        return None
    rows = _inline_rows(loaded)
    try:
        return _of_tables(loaded) if rows is None else _of_rows(loaded, rows)
    except ValidationError as error:
        raise RecipeError("\n".join(describe(error, "data.split"))) from None


def _of_tables(loaded: LoadedRecipe) -> SplitStep:
    data = loaded.recipe.data
    read = {name: entity for name, entity in data.entities.items() if entity.read}
    inputs = entity_inputs(read)
    edges, endpoints = _connecting(loaded), None
    if edges is not None:
        inputs[EDGES] = edges
        left, right = data.edges[edges].left, data.edges[edges].right
        assert left is not None
        assert right is not None
        endpoints = EdgeEndpoints(
            left=Endpoint(entity=left.entity, id=_column(loaded, edges, left.id)),
            right=Endpoint(entity=right.entity, id=_column(loaded, edges, right.id)),
        )
    timed = next((name for name in read if name not in data.split.shared), edges)
    return SplitStep(
        inputs,
        _request(
            loaded,
            {name: _column(loaded, name, entity.id) for name, entity in read.items()},
            endpoints,
            timed,
            tuple(name for name in data.split.shared if name in read),
        ),
    )


def _of_rows(loaded: LoadedRecipe, rows: str) -> SplitStep:
    """Describe inline tuples to SplitGen as their members and the edges between these."""
    split = loaded.recipe.data.split
    if split.feature is not None:
        time = _column(loaded, rows, split.feature)
        if time.type != "int":
            raise RecipeError(
                f"data.split.feature: got {split.feature!r}, a {time.type}; rows "
                "that hold tuples are split by an integer"
            )
        # Rows have no id here, so rows of one time stay together.
        return SplitStep({EXAMPLES: rows}, _request(loaded, {ROWS: time}, None, rows, ()))
    ids = _member_ids(loaded, rows)
    if len(ids) != 2:
        raise RecipeError(
            f"data.split.unit: got 'component'; rows that hold tuples connect two "
            f"members by their ids, and {loaded.schema_paths[rows]} has for the roles these: "
            f"{', '.join(ids.values()) or 'none'}"
        )
    columns = {role: _column(loaded, rows, name) for role, name in ids.items()}
    left, right = (Endpoint(entity=role, id=column) for role, column in columns.items())
    return SplitStep(
        {EXAMPLES: rows, OTHER_EXAMPLES: rows, EDGES: rows},
        _request(loaded, columns, EdgeEndpoints(left=left, right=right), None, ()),
    )


def _request(
    loaded: LoadedRecipe,
    entities: dict[str, Column],
    edges: EdgeEndpoints | None,
    timed: str | None,
    shared: tuple[str, ...],
) -> SplitRequest:
    data, feature = loaded.recipe.data, loaded.recipe.data.split.feature
    time = None if feature is None or timed is None else _column(loaded, timed, feature)
    return SplitRequest(
        unit=data.split.unit,
        entities=entities,
        edges=edges,
        shares=data.shares,
        feature=time,
        shared=shared,
        seed=loaded.recipe.relation.seed,
        bad_rows=data.bad_rows,
    )


def _inline_rows(loaded: LoadedRecipe) -> str | None:
    """Return the table of inline tuples, if there is one."""
    table = loaded.compiled.tuple_table
    return None if table is None else table.name


def _connecting(loaded: LoadedRecipe) -> str | None:
    """Return the edge list that connects entities: a separate one, or else the source's."""
    related, negatives = loaded.compiled.related_table, loaded.compiled.negatives_table
    edges = [n for n in loaded.recipe.data.edges if negatives is None or n != negatives.name]
    return min(edges, key=lambda name: name == related, default=None)


def _member_ids(loaded: LoadedRecipe, rows: str) -> dict[str, str]:
    """Return the columns with the ids of members, by role."""
    entities = loaded.compiled.entities
    ids = {role.name: prefixed(role.name, entities[role.entity]) for role in loaded.tuples.roles}
    features = read_features(loaded.schemas[rows])
    return {role: name for role, name in ids.items() if name in features}


def _splitting_id(loaded: LoadedRecipe, rows: str) -> str | None:
    """Return the first id column of a member, preferring types that may not share splits."""
    ids, shared = _member_ids(loaded, rows), loaded.recipe.data.split.shared
    role = min(ids, key=lambda role: loaded.tuples.entity_of(role) in shared, default=None)
    return None if role is None else ids[role]


def _column(loaded: LoadedRecipe, table: str, name: str) -> Column:
    return Column(name=name, type=read_features(loaded.schemas[table])[name].dtype)
