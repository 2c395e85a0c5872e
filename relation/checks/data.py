"""Where rows come from, what identifies them, and how they are split."""

from relation import kinds
from relation.checks.derived import connecting, given, made, primary
from relation.checks.lookup import Lookup, expect_one_of, wrong
from relation.core.errors import RecipeError
from relation.data import Edges, End, Entity
from relation.names import ID

IMAGE_FOLDER = ("id", "image", "label")
"""The features of a row that is an image file in the folder of its class: all of BYTES."""


def check(lookup: Lookup) -> None:
    """Checks what `data` names."""
    _check_source(lookup)
    for name, entity in lookup.recipe.data.entities.items():
        _check_origin(lookup, name, entity)
        _check_id(lookup, name, entity)
    for name, edges in lookup.recipe.data.edges.items():
        _check_list(lookup, name, edges)
    _check_split(lookup)


def _check_source(lookup: Lookup) -> None:
    """The edge lists that the source and negatives name are there: others depend on them."""
    source, known = lookup.recipe.relation.source, lookup.recipe.data.edges
    for key in ("edges", "rows"):
        if (named := getattr(source, key, None)) is not None:
            expect_one_of(f"relation.source.{key}", named, "one of data.edges", known)
    if (named := given(lookup.recipe)) is not None:
        field = "relation.sampling.negatives.edges"
        expect_one_of(field, named, "one of data.edges", known)
        if named == getattr(source, "edges", None):
            raise wrong(field, named, "another list than relation.source names: no negatives")


def _check_origin(lookup: Lookup, name: str, entity: Entity) -> None:
    """Each entity type must get its rows from somewhere, in the way that the split asks for."""
    field = f"data.entities.{name}"
    if name in made(lookup.recipe):
        if entity.read:
            given = entity.path if entity.generator is None else entity.generator
            raise wrong(f"{field}.path", given, "no path: its rows come with the source")
        if entity.format != "tfrecord":
            raise wrong(f"{field}.format", entity.format, "none: its rows come with the source")
        return
    if not entity.read:
        raise RecipeError(f"{field}: missing; expected a `path`, or a `generator`")
    _check_path(lookup, f"{field}.path", entity, name not in lookup.recipe.data.split.shared)
    if entity.format == "image_folder":
        _check_image_folder(lookup, name)


def _check_path(lookup: Lookup, field: str, part: Entity | Edges, split: bool) -> None:
    """Two globs are for files that are given a split; where rows are split by files, they must."""
    by_files, both = lookup.recipe.data.split.unit == "files", "a glob for `train` and for `eval`"
    if isinstance(part.path, dict):
        if not by_files:
            raise wrong(field, part.path, "one glob, unless data.split.unit is `files`")
        if set(part.path) != {"train", "eval"}:
            raise wrong(field, part.path, both)
    elif by_files and split:
        raise wrong(field, part.path, f"{both}, since data.split.unit is `files`")


def _check_image_folder(lookup: Lookup, name: str) -> None:
    found = {feature.name: feature.dtype for feature in lookup.features(name).values()}
    for needed in IMAGE_FOLDER:
        if found.get(needed) != "bytes":
            got = f"a feature of {found[needed]}s" if needed in found else "no such feature"
            raise RecipeError(
                f"data.entities.{name}.format: got 'image_folder', whose rows have the features "
                f"{', '.join(IMAGE_FOLDER)}, all of BYTES; {lookup.paths[name]} has for "
                f"{needed!r} {got}"
            )


def _check_id(lookup: Lookup, name: str, entity: Entity) -> None:
    field = f"data.entities.{name}.id"
    lookup.expect_one_key(field, name, entity.id)
    if ID in lookup.features(name) and entity.id != ID:
        raise RecipeError(
            f"{field}: got {entity.id!r}, but {lookup.paths[name]} also has a feature {ID!r}, and "
            "`<role>_id` can hold only one of them: rename the feature"
        )


def _check_list(lookup: Lookup, name: str, edges: Edges) -> None:
    """An edge list is the source, holds its rows, names negatives, or connects components."""
    data, source = lookup.recipe.data, lookup.recipe.relation.source
    field = f"data.edges.{name}"
    if isinstance(source, kinds.Row) and source.rows == name:
        _check_path(lookup, f"{field}.path", edges, split=True)
        for key in ("left", "right", "value", "weight"):
            if getattr(edges, key) is not None:
                raise RecipeError(
                    f"{field}.{key}: unknown key of rows that hold their members; "
                    "`relation` names their roles and label"
                )
        return
    negatives = name == given(lookup.recipe)
    used = negatives or (isinstance(source, kinds.EdgeSource) and source.edges == name)
    if not used and data.split.unit != "component":
        raise RecipeError(f"{field}: neither `relation` nor the split uses it: remove it")
    _check_path(lookup, f"{field}.path", edges, split=False)
    for side, end in (("left", edges.left), ("right", edges.right)):
        _check_end(lookup, name, f"{field}.{side}", end)
    assert edges.left is not None
    assert edges.right is not None
    if edges.left.id == edges.right.id:
        raise wrong(f"{field}.right.id", edges.right.id, "another column than that of the left end")
    for key in ("value", "weight") if negatives else ():
        if (got := getattr(edges, key)) is not None:
            raise wrong(f"{field}.{key}", got, "none: it names negatives, each of a probability")
    if edges.value is not None:
        lookup.expect(f"{field}.value", name, edges.value)
    if edges.weight is not None:
        lookup.expect_number(f"{field}.weight", name, edges.weight)


def _check_end(lookup: Lookup, edges: str, field: str, end: End | None) -> None:
    if end is None:
        raise RecipeError(f"{field}: missing; expected the entity type and its id's column")
    lookup.expect_entity(f"{field}.entity", end.entity)
    lookup.expect_one_key(f"{field}.id", edges, end.id)
    key = lookup.id_of(end.entity)
    lookup.expect_type(f"{field}.id", edges, end.id, key, f"the id of {end.entity}")


def _check_split(lookup: Lookup) -> None:
    data, source = lookup.recipe.data, lookup.recipe.relation.source
    for name in data.split.shared:
        expect_one_of("data.split.shared", name, "an entity type", data.entities)
    related = isinstance(source, kinds.EdgeSource | kinds.Row)
    if primary(lookup.recipe) in data.split.shared and not related:
        raise RecipeError(
            f"data.split.shared: got {primary(lookup.recipe)!r}; without edges or rows that are "
            "split, both splits would hold the same tuples"
        )
    if data.split.unit == "component" and not connecting(lookup.recipe):
        raise wrong("data.split.unit", "component", "`edges` in data, which connect entities")
    if data.split.feature is not None:
        for table in _split_tables(lookup):
            expect = lookup.expect_number if data.split.unit == "time" else lookup.expect_one_key
            expect("data.split.feature", table, data.split.feature)


def _split_tables(lookup: Lookup) -> list[str]:
    """The tables whose rows are split: those that hold members, or entities that are not shared."""
    recipe = lookup.recipe
    if isinstance(recipe.relation.source, kinds.Row):
        return [recipe.relation.source.rows]
    kept = made(recipe).union(recipe.data.split.shared)
    alone = [name for name in recipe.data.entities if name not in kept]
    # Edges between entities that are in both splits are split themselves.
    return alone or connecting(recipe)
