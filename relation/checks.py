"""Checks a recipe against the schemas that it names: what is named is there, and can serve."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tensorflow_metadata.proto.v0 import schema_pb2

from relation import kinds
from relation import schema as schemas
from relation.data import Edges, Entity
from relation.errors import RecipeError
from relation.materialization import EdgeColumns, Materialization
from relation.names import ID, tuple_feature_names
from relation.recipe import Recipe
from relation.sampling import NTupleSampling, PairSampling, Sampling, TripletSampling

Schemas = Mapping[str, schema_pb2.Schema]
IMAGE_FOLDER = ("id", "image", "label")
"""The features of a row that is an image file in the folder of its class: all of BYTES."""
SOURCES = ("same_label", "edges", "labels", "graded_group", "row", "function")


def check(recipe: Recipe, read: Schemas, paths: Mapping[str, Path]) -> None:
    """Checks all that a recipe names.

    Raises:
      RecipeError: the message names field, received value and what was expected.
    """
    _check_origins(recipe)
    for name, entity in recipe.data.entities.items():
        _check_entity(recipe, name, entity, read[name], paths[name])
    for name, edges in recipe.data.edges.items():
        _check_edges(recipe, name, edges, read[name], paths[name])
    _CHECKS[recipe.relation.source.type](recipe, read, paths)
    if isinstance(sampling := getattr(recipe.relation, "sampling", None), Sampling):
        _check_sampling(recipe, sampling, read, paths)
    if recipe.data.split.feature is not None:
        field = "data.split.feature"
        for name, entity in recipe.data.entities.items():
            if entity.read:
                numeric = recipe.data.split.unit == "time"
                _expect(field, [recipe.data.split.feature], read[name], paths[name], not numeric)
    unknown = [name for name in recipe.data.split.shared if name not in recipe.data.entities]
    if unknown:
        raise RecipeError(
            f"data.split.shared: got {unknown[0]!r}; expected an entity type: "
            + ", ".join(recipe.data.entities)
        )


def materialization(recipe: Recipe, read: Schemas) -> Materialization:
    """What RelationGen needs of a checked recipe."""
    source = recipe.relation.source
    edges, width, domain = None, 1, ()
    if isinstance(source, kinds.EdgeSource):
        found = recipe.data.edges[source.edges]
        assert found.left is not None and found.right is not None
        edges = EdgeColumns(
            left=found.left, right=found.right, value=found.value, weight=found.weight
        )
        if found.value is not None and source.label in ("vector", "class"):
            width, domain = _label(read[source.edges], found.value, source.label)
    elif isinstance(source, kinds.Labels):
        domain = schemas.domain_of(read[recipe.primary], source.feature) or ()
        width = len(domain) if isinstance(recipe.relation, kinds.Tags) else 1
    elif isinstance(recipe.relation, kinds.Rows) and recipe.relation.label is not None:
        relation = recipe.relation
        if relation.label_kind in ("vector", "class"):
            width, domain = _label(read[relation.source.rows], relation.label, relation.label_kind)
    return Materialization(
        entities={name: entity.id for name, entity in recipe.data.entities.items()},
        primary=_primary(recipe),
        edges=edges,
        bad_rows=recipe.data.bad_rows,
        shared=recipe.data.split.shared,
        relation=recipe.relation,
        width=width,
        tags=domain,
    )


def keys_of(recipe: Recipe, entity: str) -> set[str]:
    """The features of an entity type that are keys, labels, grades or weights: they enter no tower
    unless the recipe names them."""
    withheld = {recipe.data.entities[entity].id, recipe.data.split.feature}
    source, sampling = recipe.relation.source, getattr(recipe.relation, "sampling", None)
    if isinstance(source, kinds.SameLabel | kinds.Labels) and entity == recipe.primary:
        withheld |= {source.feature, getattr(source, "confidence", None)}
    if isinstance(source, kinds.GradedGroup) and entity == _primary(recipe):
        withheld |= {source.group, source.grade}
    withheld.add(getattr(sampling, "weight", None))
    if isinstance(sampling, Sampling):
        withheld |= {sampling.negatives.group, sampling.negatives.feature}
    return {name for name in withheld if name is not None}


def _primary(recipe: Recipe) -> str:
    """The type that a source relates: the first that is not the query of another."""
    source = recipe.relation.source
    query = source.query if isinstance(source, kinds.GradedGroup) else None
    return next(name for name in recipe.data.entities if name != query)


def _label(schema: schema_pb2.Schema, name: str, kind: str) -> tuple[int, tuple[str, ...]]:
    """Width and classes of a label."""
    if kind == "class":
        return 1, schemas.domain_of(schema, name) or ()
    return schemas.read_features(schema)[name].width, ()


def _check_origins(recipe: Recipe) -> None:
    """Each entity type must get its rows from somewhere, in the way that the split asks for."""
    source, by_files = recipe.relation.source, recipe.data.split.unit == "files"
    for name, entity in recipe.data.entities.items():
        field = f"data.entities.{name}.path"
        made = isinstance(source, kinds.Row) or (
            isinstance(source, kinds.Labels) and name != recipe.primary
        )
        if entity.read == made:
            expected = "no path: its rows come with the source" if made else "a path, or generator"
            raise RecipeError(f"{field}: got {entity.path!r}; expected {expected}")
        if entity.read and name not in recipe.data.split.shared:
            _check_path(field, entity, by_files)
    for name, edges in recipe.data.edges.items():
        if isinstance(source, kinds.Row):
            _check_path(f"data.edges.{name}.path", edges, by_files)


def _check_path(field: str, part: Entity | Edges, by_files: bool) -> None:
    given = isinstance(part.path, dict)
    if given != by_files:
        expected = "a glob for `train` and for `eval`" if by_files else "one glob"
        raise RecipeError(f"{field}: got {part.path!r}; expected {expected}, by data.split.unit")
    if isinstance(part.path, dict) and set(part.path) != {"train", "eval"}:
        raise RecipeError(f"{field}: got {part.path!r}; expected a glob for `train` and for `eval`")


def _check_entity(
    recipe: Recipe, name: str, entity: Entity, schema: schema_pb2.Schema, path: Path
) -> None:
    field = f"data.entities.{name}.id"
    features = schemas.read_features(schema)
    if entity.format == "image_folder":
        _check_image_folder(name, schema, path)
    _expect(field, [entity.id], schema, path, keys=True)
    if ID in features and entity.id != ID:
        raise RecipeError(
            f"{field}: got {entity.id!r}, but {path} also has a feature {ID!r}, and `<role>_id` "
            "can hold only one of them: rename the feature"
        )
    if recipe.model is None:
        return
    named = recipe.model.features_of(name)
    _expect("model.features", named or (), schema, path, keys=False)
    if named is None and not set(features) - keys_of(recipe, name):
        raise RecipeError(
            f"model.features: no feature is left for the tower: {path} has only "
            + ", ".join(features)
        )
    if recipe.evaluation is not None and name == recipe.primary:
        _expect("evaluation.slices", recipe.evaluation.slices, schema, path, keys=True)


def _check_edges(
    recipe: Recipe, name: str, edges: Edges, schema: schema_pb2.Schema, path: Path
) -> None:
    if isinstance(recipe.relation.source, kinds.Row):
        return
    for side, end in (("left", edges.left), ("right", edges.right)):
        field = f"data.edges.{name}.{side}"
        if end is None:
            raise RecipeError(f"{field}: missing; expected the entity type and its id's column")
        if end.entity not in recipe.data.entities:
            raise RecipeError(
                f"{field}.entity: got {end.entity!r}; expected an entity type: "
                + ", ".join(recipe.data.entities)
            )
        _expect(f"{field}.id", [end.id], schema, path, keys=True)
    for column in ("value", "weight"):
        named = getattr(edges, column)
        _expect(f"data.edges.{name}.{column}", [named] if named else [], schema, path, keys=False)


def _check_image_folder(name: str, schema: schema_pb2.Schema, path: Path) -> None:
    found = {
        name: feature.dtype
        for name, feature in schemas.read_features(schema).items()
        if name in IMAGE_FOLDER
    }
    wrong = [name for name in IMAGE_FOLDER if found.get(name) != "bytes"]
    if wrong:
        got = f"a feature of {found[wrong[0]]}s" if wrong[0] in found else "no such feature"
        raise RecipeError(
            f"data.entities.{name}.format: got 'image_folder', whose rows have the features "
            f"{', '.join(IMAGE_FOLDER)}, all of BYTES; {path} has for {wrong[0]!r} {got}"
        )


def _same_label(recipe: Recipe, read: Schemas, paths: Mapping[str, Path]) -> None:
    source = recipe.relation.source
    assert isinstance(source, kinds.SameLabel)
    primary = recipe.primary
    _one_type(recipe)
    _expect("relation.source.feature", [source.feature], read[primary], paths[primary], keys=True)
    sampling = recipe.relation.sampling
    if "all" in (
        getattr(sampling, name, None)
        for name in ("positives_per_anchor", "triplets_per_anchor", "tuples_per_anchor")
    ):
        raise RecipeError(
            "relation.sampling: got 'all'; a label has as many pairs as the square of its rows: "
            "expected a number"
        )
    if sampling.known_positives:
        raise RecipeError(
            f"relation.sampling.known_positives: got {sampling.known_positives}; the positives of "
            "a label are those that have it: expected 0"
        )


def _edges(recipe: Recipe, read: Schemas, paths: Mapping[str, Path]) -> None:
    source = recipe.relation.source
    assert isinstance(source, kinds.EdgeSource)
    known = recipe.data.edges
    if source.edges not in known:
        raise RecipeError(
            f"relation.source.edges: got {source.edges!r}; expected one of data.edges: "
            + (", ".join(known) or "(none)")
        )
    edges = known[source.edges]
    assert edges.left is not None and edges.right is not None
    if source.symmetric and edges.left.entity != edges.right.entity:
        raise RecipeError(
            "relation.source.symmetric: got true; expected false, since the ends of an edge are "
            f"of two types: {edges.left.entity} and {edges.right.entity}"
        )
    if edges.value is None and source.label != "binary":
        raise RecipeError(
            f"relation.source.label: got {source.label!r}; data.edges.{source.edges} names no "
            "`value` that could hold it"
        )
    if edges.value is not None:
        field = f"data.edges.{source.edges}.value"
        _check_label(field, read[source.edges], paths[source.edges], edges.value, source.label)
    if source.label in ("vector", "class") and not isinstance(recipe.relation, kinds.Pairs):
        raise RecipeError(
            f"relation.source.label: got {source.label!r}; only pairs can carry it, and the "
            f"relation is of type {recipe.relation.type}"
        )
    if source.label == "scalar" and source.positive_from is None:
        if not isinstance(recipe.relation, kinds.Pairs):
            raise RecipeError(
                "relation.source.positive_from: missing; with a scalar value it says from which "
                "value on an edge is a positive"
            )


def _labels(recipe: Recipe, read: Schemas, paths: Mapping[str, Path]) -> None:
    source = recipe.relation.source
    assert isinstance(source, kinds.Labels)
    schema, path = read[recipe.primary], paths[recipe.primary]
    _expect("relation.source.feature", [source.feature], schema, path, keys=True)
    if schemas.domain_of(schema, source.feature) is None:
        raise RecipeError(
            f"relation.source.feature: got {source.feature!r}; expected a feature whose labels "
            f"{path} lists in a string_domain, or bounds in an int_domain"
        )
    if source.confidence is not None:
        _expect("relation.source.confidence", [source.confidence], schema, path, keys=False)
        if schemas.read_features(schema)[source.confidence].dtype == "bytes":
            raise RecipeError(
                f"relation.source.confidence: got {source.confidence!r}, a feature of bytes; "
                "expected numbers"
            )
    others = len(recipe.data.entities) - 1
    if isinstance(recipe.relation, kinds.Tags):
        _one_type(recipe)
    elif others != 1:
        raise RecipeError(
            f"data.entities: got {', '.join(recipe.data.entities)}; the source `labels` needs a "
            "second entity type, without a path, for the labels themselves"
        )


def _graded_group(recipe: Recipe, read: Schemas, paths: Mapping[str, Path]) -> None:
    source = recipe.relation.source
    assert isinstance(source, kinds.GradedGroup)
    if source.query is not None and source.query not in recipe.data.entities:
        raise RecipeError(
            f"relation.source.query: got {source.query!r}; expected an entity type: "
            + ", ".join(recipe.data.entities)
        )
    if len(recipe.data.entities) != 1 + (source.query is not None):
        raise RecipeError(
            f"data.entities: got {', '.join(recipe.data.entities)}; expected the documents' type"
            + (" and the query's" if source.query else ", or name the query's in relation.source")
        )
    documents = _primary(recipe)
    schema, path = read[documents], paths[documents]
    _expect("relation.source.group", [source.group], schema, path, keys=True)
    _expect("relation.source.grade", [source.grade], schema, path, keys=False)
    if schemas.read_features(schema)[source.grade].dtype == "bytes":
        raise RecipeError(
            f"relation.source.grade: got {source.grade!r}, a feature of bytes; expected numbers"
        )


def _row(recipe: Recipe, read: Schemas, paths: Mapping[str, Path]) -> None:
    relation = recipe.relation
    assert isinstance(relation, kinds.Rows)
    rows = relation.source.rows
    if rows not in recipe.data.edges:
        raise RecipeError(
            f"relation.source.rows: got {rows!r}; expected one of data.edges: "
            + (", ".join(recipe.data.edges) or "(none)")
        )
    for role, entity in relation.roles.items():
        if entity not in recipe.data.entities:
            raise RecipeError(
                f"relation.roles.{role}: got {entity!r}; expected an entity type: "
                + ", ".join(recipe.data.entities)
            )
    schema, path = read[rows], paths[rows]
    columns = schemas.read_features(schema)
    for name, (role, feature) in _row_columns(recipe, read).items():
        entity = recipe.data.entities[relation.roles[role]]
        if name not in columns and feature != entity.id:
            raise RecipeError(
                f"relation.roles.{role}: {path} has no feature {name!r}, and the entity type "
                f"{relation.roles[role]} has {feature!r}"
            )
    if relation.label is not None:
        _check_label("relation.label", schema, path, relation.label, relation.label_kind)


def _row_columns(recipe: Recipe, read: Schemas) -> dict[str, tuple[str, str]]:
    """The columns that the rows of the source `row` must have, but for ids: role and feature."""
    assert isinstance(recipe.relation, kinds.Rows)
    return {
        f"{role}_{feature}": (role, feature)
        for role, entity in recipe.relation.roles.items()
        for feature in schemas.read_features(read[entity])
    }


def _function(recipe: Recipe, read: Schemas, paths: Mapping[str, Path]) -> None:
    _one_type(recipe)
    group = getattr(recipe.relation.sampling, "group", None)
    named = [group] if group else []
    primary = recipe.primary
    _expect("relation.sampling.group", named, read[primary], paths[primary], keys=True)


_CHECKS = {
    "same_label": _same_label,
    "edges": _edges,
    "labels": _labels,
    "graded_group": _graded_group,
    "row": _row,
    "function": _function,
}


def _check_sampling(
    recipe: Recipe, sampling: Sampling, read: Schemas, paths: Mapping[str, Path]
) -> None:
    assert isinstance(sampling, PairSampling | TripletSampling | NTupleSampling)
    source, primary = recipe.relation.source, recipe.primary
    candidates = primary
    if isinstance(source, kinds.EdgeSource):
        right = recipe.data.edges[source.edges].right
        assert right is not None
        candidates = right.entity
    elif isinstance(source, kinds.Labels):
        candidates = next(name for name in recipe.data.entities if name != primary)
    negatives, field = sampling.negatives, "relation.sampling.negatives"
    grouped = isinstance(source, kinds.SameLabel)
    if negatives.draw == "groups" and negatives.group is None and not grouped:
        raise RecipeError(f"{field}.group: missing; draw: groups needs the feature of the groups")
    if negatives.draw == "popularity" and negatives.feature is None and grouped:
        raise RecipeError(
            f"{field}.feature: missing; draw: popularity needs a feature that counts, since there "
            "are no edges to be counted"
        )
    group, feature = negatives.group, negatives.feature
    _expect(f"{field}.group", [group] if group else [], read[candidates], paths[candidates], True)
    if group and negatives.where != "anywhere":
        _expect(f"{field}.group", [group], read[primary], paths[primary], True)
    named = [feature] if feature else []
    _expect(f"{field}.feature", named, read[candidates], paths[candidates], False)
    if isinstance(source, kinds.EdgeSource):
        if sampling.weight is not None:
            raise RecipeError(
                f"relation.sampling.weight: got {sampling.weight!r}; the weight of an edge is a "
                "column of the edge list: name it in data.edges"
            )
        if sampling.balance is not None or sampling.caps.anchors_per_group is not None:
            raise RecipeError(
                "relation.sampling: balance and anchors_per_group need groups of anchors, which "
                "edges do not have; positives_per_entity caps how often an entity is used"
            )
    elif sampling.weight is not None:
        weight = [sampling.weight]
        _expect("relation.sampling.weight", weight, read[primary], paths[primary], False)


def _check_label(field: str, schema: schema_pb2.Schema, path: Path, name: str, kind: str) -> None:
    _expect(field, [name], schema, path, keys=False)
    feature = schemas.read_features(schema)[name]
    if kind == "class":
        if schemas.domain_of(schema, name) is None:
            raise RecipeError(
                f"{field}: got {name!r}; expected a feature whose classes {path} lists in a "
                "string_domain, or bounds in an int_domain"
            )
    elif feature.dtype == "bytes":
        raise RecipeError(f"{field}: got {name!r}, a feature of bytes; expected numbers")
    elif kind != "vector" and feature.width != 1:
        raise RecipeError(
            f"{field}: got {name!r}, of {feature.width} values; expected one, for a {kind} label"
        )


def _one_type(recipe: Recipe) -> None:
    if len(recipe.data.entities) > 1:
        raise RecipeError(
            f"data.entities: got {', '.join(recipe.data.entities)}; the source "
            f"{recipe.relation.source.type!r} relates one entity type to itself"
        )


def _expect(
    field: str, names: Iterable[str], schema: schema_pb2.Schema, path: Path, keys: bool
) -> None:
    """Checks that features are in a schema, and (`keys`) can identify or group."""
    known, fit = list(schemas.read_features(schema)), schemas.key_features(schema)
    for name in names:
        if name not in known:
            raise RecipeError(
                f"{field}: got {name!r}; expected a feature of {path}: {', '.join(known)}"
            )
        if keys and name not in fit:
            raise RecipeError(
                f"{field}: got {name!r}, an image or a float; expected a feature of bytes or "
                f"integers: {', '.join(fit)}"
            )


def check_names(asked: Materialization, read: Schemas) -> None:
    """Checks that no two features of a tuple get the same name."""
    tuple_feature_names(
        {role.name: schemas.read_features(read[role.entity]) for role in asked.tuples.roles}
    )
