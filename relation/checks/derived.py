"""What follows from a recipe and its schemas, and is said in neither."""

from collections.abc import Mapping

from tensorflow_metadata.proto.v0 import schema_pb2

from relation import kinds
from relation import schema as schemas
from relation.materialization import EdgeColumns, Materialization
from relation.names import EVAL, TRAIN
from relation.recipe import Recipe
from relation.sampling import Sampling

Schemas = Mapping[str, schema_pb2.Schema]


def primary(recipe: Recipe) -> str:
    """The type that a source relates: the first that is not the query of another."""
    source = recipe.relation.source
    query = source.query if isinstance(source, kinds.GradedGroup) else None
    return next((name for name in recipe.data.entities if name != query), recipe.primary)


def made(recipe: Recipe) -> frozenset[str]:
    """The entity types whose rows come with the source, and are in no files of their own."""
    source, entities = recipe.relation.source, frozenset(recipe.data.entities)
    if isinstance(source, kinds.Row):
        return entities
    return entities - {primary(recipe)} if isinstance(source, kinds.Labels) else frozenset()


def given(recipe: Recipe) -> str | None:
    """The edge list that names negatives, if one does."""
    sampling = getattr(recipe.relation, "sampling", None)
    return sampling.negatives.edges if isinstance(sampling, Sampling) else None


def connecting(recipe: Recipe) -> list[str]:
    """The edge lists that say what is related: not that of negatives."""
    return [name for name in recipe.data.edges if name != given(recipe)]


def keys_of(recipe: Recipe, entity: str) -> set[str]:
    """The features of an entity type that are keys, labels, grades or weights: they enter no tower
    unless the recipe names them."""
    withheld = {recipe.data.entities[entity].id, recipe.data.split.feature}
    source, sampling = recipe.relation.source, getattr(recipe.relation, "sampling", None)
    if entity == primary(recipe):
        withheld |= {getattr(source, name, None) for name in _TELLING}
    withheld |= {getattr(sampling, name, None) for name in ("weight", "group")}
    if isinstance(sampling, Sampling):
        withheld |= {sampling.negatives.group, sampling.negatives.feature}
    return {name for name in withheld if name is not None}


_TELLING = ("feature", "confidence", "group", "grade")
"""Fields of a source that name features of the entities it relates, which tell the label."""


def materialization(recipe: Recipe, read: Schemas) -> Materialization:
    """What RelationGen needs of a recipe whose names are checked."""
    width, domain = _label(recipe, read)
    return Materialization(
        entities={name: entity.id for name, entity in recipe.data.entities.items()},
        primary=primary(recipe),
        edges=_edge_columns(recipe),
        given=_given_columns(recipe),
        bad_rows=recipe.data.bad_rows,
        shared=recipe.data.split.shared,
        shares={TRAIN: recipe.data.split.train, EVAL: recipe.data.split.eval},
        relation=recipe.relation,
        width=width,
        tags=domain,
    )


def _edge_columns(recipe: Recipe) -> EdgeColumns | None:
    source = recipe.relation.source
    if not isinstance(source, kinds.EdgeSource):
        return None
    edges = recipe.data.edges[source.edges]
    assert edges.left is not None
    assert edges.right is not None
    return EdgeColumns(left=edges.left, right=edges.right, value=edges.value, weight=edges.weight)


def _given_columns(recipe: Recipe) -> EdgeColumns | None:
    if (name := given(recipe)) is None:
        return None
    edges, sampling = recipe.data.edges[name], getattr(recipe.relation, "sampling", None)
    assert isinstance(sampling, Sampling)
    assert edges.left is not None
    assert edges.right is not None
    probability = sampling.negatives.probability
    return EdgeColumns(left=edges.left, right=edges.right, probability=probability)


def _label(recipe: Recipe, read: Schemas) -> tuple[int, tuple[str, ...]]:
    """Width of the label of a tuple, and what its values or those of the source may be."""
    relation, source = recipe.relation, recipe.relation.source
    if isinstance(source, kinds.EdgeSource):
        return _column(read[source.edges], recipe.data.edges[source.edges].value, source.label)
    if isinstance(relation, kinds.Rows):
        return _column(read[relation.source.rows], relation.label, relation.label_kind)
    if isinstance(source, kinds.Labels):
        domain = schemas.domain_of(read[primary(recipe)], source.feature) or ()
        return (len(domain) if isinstance(relation, kinds.Tags) else 1), domain
    return 1, ()


def _column(schema: schema_pb2.Schema, name: str | None, kind: str) -> tuple[int, tuple[str, ...]]:
    """Width and classes of a label that a column holds, if one does."""
    if name is not None and kind == "class":
        return 1, schemas.domain_of(schema, name) or ()
    if name is not None and kind == "vector":
        return schemas.read_features(schema)[name].width, ()
    return 1, ()
