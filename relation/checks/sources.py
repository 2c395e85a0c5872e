"""What each source of relationships names."""

from collections.abc import Callable

from relation import kinds
from relation.checks.derived import primary
from relation.checks.lookup import Lookup, wrong
from relation.core.errors import RecipeError
from relation.data import Edges


def check(lookup: Lookup) -> None:
    """Checks what `relation.source` names, and `relation.roles`."""
    _CHECKS[lookup.recipe.relation.source.type](lookup)


def _same_label(lookup: Lookup) -> None:
    source = lookup.recipe.relation.source
    assert isinstance(source, kinds.SameLabel)
    _expect_one_type(lookup)
    lookup.expect_key("relation.source.feature", primary(lookup.recipe), source.feature)
    _expect_no_id(lookup, "relation.source.feature", source.feature)


def _edges(lookup: Lookup) -> None:
    recipe, source = lookup.recipe, lookup.recipe.relation.source
    assert isinstance(source, kinds.EdgeSource)
    edges = recipe.data.edges[source.edges]
    assert edges.left is not None
    assert edges.right is not None
    ends = {edges.left.entity, edges.right.entity}
    if source.symmetric and len(ends) > 1:
        raise RecipeError(
            "relation.source.symmetric: got true; expected false, since the ends of an edge are "
            f"of two types: {edges.left.entity} and {edges.right.entity}"
        )
    _expect_used(lookup, ends, f"the edges {source.edges}")
    _check_value(lookup, source, edges)
    if not isinstance(recipe.relation, kinds.Pairs):
        _check_unlabelled(source, recipe.relation.type)


def _check_value(lookup: Lookup, source: kinds.EdgeSource, edges: Edges) -> None:
    if edges.value is not None:
        field = f"data.edges.{source.edges}.value"
        lookup.expect_label(field, source.edges, edges.value, source.label)
    elif source.label != "binary":
        raise RecipeError(
            f"relation.source.label: got {source.label!r}; data.edges.{source.edges} names no "
            "`value` that could hold it"
        )


def _check_unlabelled(source: kinds.EdgeSource, kind: str) -> None:
    """Tuples whose order is their label need to know of an edge only whether it is a positive."""
    if source.label in ("vector", "class"):
        raise RecipeError(
            f"relation.source.label: got {source.label!r}; only pairs can carry it, and the "
            f"relation is of type {kind}"
        )
    if source.label == "scalar" and source.positive_from is None:
        raise RecipeError(
            "relation.source.positive_from: missing; with a scalar value it says from which "
            "value on an edge is a positive"
        )
    if source.repeated == "keep" and kind == "ntuples":
        raise RecipeError(
            "relation.source.repeated: got 'keep'; the positives of an n-tuple are distinct: "
            "expected 'merge'"
        )


def _labels(lookup: Lookup) -> None:
    recipe, source = lookup.recipe, lookup.recipe.relation.source
    assert isinstance(source, kinds.Labels)
    entity = primary(recipe)
    lookup.expect_domain("relation.source.feature", entity, source.feature)
    if source.confidence is not None:
        field = "relation.source.confidence"
        confidence = lookup.expect_numbers(field, entity, source.confidence)
        labels = lookup.features(entity)[source.feature]
        if confidence.width != labels.width:
            raise RecipeError(
                f"{field}: got {source.confidence!r}, of {confidence.width} values; expected "
                f"{labels.width}, as {source.feature!r} has"
            )
    if isinstance(recipe.relation, kinds.Tags):
        _expect_one_type(lookup)
    else:
        _check_label_entity(lookup, source)


def _check_label_entity(lookup: Lookup, source: kinds.Labels) -> None:
    """Where labels fill a role, they are a second entity type, of rows that are ids alone."""
    recipe = lookup.recipe
    if source.confidence is not None:
        raise RecipeError(
            f"relation.source.confidence: got {source.confidence!r}; only tags carry it, and the "
            f"relation is of type {recipe.relation.type}"
        )
    others = [name for name in recipe.data.entities if name != primary(recipe)]
    if not others:
        raise RecipeError(
            f"data.entities: got {', '.join(recipe.data.entities)}; the source `labels` needs a "
            "second entity type, without a path, for the labels themselves"
        )
    label, key = others[0], lookup.id_of(others[0]).name
    feature = lookup.features(primary(recipe))[source.feature]
    lookup.expect_type(f"data.entities.{label}.id", label, key, feature, repr(source.feature))
    beside = [name for name in lookup.features(label) if name != key]
    if beside:
        raise RecipeError(
            f"data.entities.{label}.schema: {lookup.paths[label]} has {beside[0]!r}; labels have "
            f"no features but their id, {key!r}"
        )


def _graded_group(lookup: Lookup) -> None:
    recipe, source = lookup.recipe, lookup.recipe.relation.source
    assert isinstance(source, kinds.GradedGroup)
    if source.query is not None:
        lookup.expect_entity("relation.source.query", source.query)
    if len(recipe.data.entities) != 1 + (source.query is not None):
        raise RecipeError(
            f"data.entities: got {', '.join(recipe.data.entities)}; expected the documents' type"
            + (" and the query's" if source.query else ", or name the query's in relation.source")
        )
    documents = primary(recipe)
    group = lookup.expect_one_key("relation.source.group", documents, source.group)
    _expect_no_id(lookup, "relation.source.group", source.group)
    lookup.expect_number("relation.source.grade", documents, source.grade)
    if source.query is not None:
        field, key = f"data.entities.{source.query}.id", lookup.id_of(source.query)
        lookup.expect_type(field, source.query, key.name, group, f"the group {source.group!r}")


def _row(lookup: Lookup) -> None:
    relation = lookup.recipe.relation
    assert isinstance(relation, kinds.Rows)
    rows = relation.source.rows
    for role, entity in relation.roles.items():
        lookup.expect_entity(f"relation.roles.{role}", entity)
        _check_columns(lookup, rows, role, entity)
    _expect_used(lookup, set(relation.roles.values()), "relation.roles")
    if relation.label is not None:
        lookup.expect_label("relation.label", rows, relation.label, relation.label_kind)


def _check_columns(lookup: Lookup, rows: str, role: str, entity: str) -> None:
    """Rows have a column for each feature of a role, but for an id, which can be derived."""
    columns, field = lookup.features(rows), f"relation.roles.{role}"
    for name, feature in lookup.features(entity).items():
        column = f"{role}_{name}"
        if column in columns:
            lookup.expect_type(field, rows, column, feature, f"{name!r} of {entity}")
        elif name != lookup.id_of(entity).name:
            raise RecipeError(
                f"{field}: {lookup.paths[rows]} has no feature {column!r}, and the entity type "
                f"{entity} has {name!r}"
            )


def _function(lookup: Lookup) -> None:
    _expect_one_type(lookup)


_CHECKS: dict[str, Callable[[Lookup], None]] = {
    "same_label": _same_label,
    "edges": _edges,
    "labels": _labels,
    "graded_group": _graded_group,
    "row": _row,
    "function": _function,
}


def _expect_no_id(lookup: Lookup, field: str, name: str) -> None:
    """What relates rows is a value that they share, which no two have of an id."""
    if name == lookup.id_of(primary(lookup.recipe)).name:
        raise wrong(field, name, "a feature whose values rows share, not their id")


def _expect_one_type(lookup: Lookup) -> None:
    if len(lookup.recipe.data.entities) > 1:
        raise RecipeError(
            f"data.entities: got {', '.join(lookup.recipe.data.entities)}; the source "
            f"{lookup.recipe.relation.source.type!r} relates one entity type to itself"
        )


def _expect_used(lookup: Lookup, used: set[str], by: str) -> None:
    """Every entity type is related to something: its rows would be read for nothing."""
    for name in lookup.recipe.data.entities:
        if name not in used:
            raise wrong("data.entities", name, f"only types that {by} name: {', '.join(used)}")
