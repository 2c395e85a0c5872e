"""Where rows come from, what identifies them, and how they are split."""

from relation.core.errors import Faults, RecipeError
from relation.data import Edges, End, Entity
from relation.names import ID
from relation.sources.base import Context, Source
from relation.sources.lookup import Lookup, expect_one_of, wrong

IMAGE_FOLDER = ("id", "image", "label")
"""The features of a row that is an image file in the folder of its class: all of BYTES."""


def check(context: Context, source: Source, faults: Faults) -> bool:
    """Checks what `data` names.

    Args:
      faults: takes each fault; it names field, received value and what was expected.

    Returns:
      Whether the tables are such that the source can be checked.
    """
    tables = Faults()
    tables.check(_check_source_table, context, source)
    tables.check(_check_negatives_table, context, source)
    named = not tables.lines
    for name, entity in context.data.entities.items():
        if named:
            faults.check(_check_origin, context, source, name, entity)
        faults.check(_check_id, context, name, entity)
        faults.check(_check_missing, f"data.entities.{name}", entity)
    for name, edges in context.data.edges.items():
        faults.check(_check_missing, f"data.edges.{name}", edges)
        if named:
            tables.check(_check_list, context, source, name, edges)
    faults.extend(tables)
    if named:
        faults.check(_check_split, context, source)
    return not tables.lines


def _check_source_table(context: Context, source: Source) -> None:
    """The table that the source names exists: other checks depend on that."""
    if source.table is not None:
        key = "rows" if source.holds_members else "edges"
        tables = context.data.edges
        expect_one_of(f"relation.source.{key}", source.table, "one of data.edges", tables)


def _check_negatives_table(context: Context, source: Source) -> None:
    """The list that negatives name exists."""
    field, listed = "relation.sampling.negatives.edges", context.negatives.edges
    if listed is None:
        return
    expect_one_of(field, listed, "one of data.edges", context.data.edges)
    if listed == source.table:
        raise wrong(
            field, listed, "a list other than that of relation.source, whose edges are positives"
        )


def _check_origin(context: Context, source: Source, name: str, entity: Entity) -> None:
    """Each entity type must get its rows from somewhere, as the split requires."""
    field, data = f"data.entities.{name}", context.data
    if name in source.brings(data):
        if entity.read:
            origin = entity.path if entity.generator is None else entity.generator
            raise wrong(f"{field}.path", origin, "no path, since its rows come with the source")
        if entity.format != "tfrecord":
            raise wrong(
                f"{field}.format", entity.format, "none, since its rows come with the source"
            )
        return
    if not entity.read:
        raise RecipeError(f"{field}: missing; expected a `path`, or a `generator`")
    _check_path(context, f"{field}.path", entity, name not in data.split.shared)
    if entity.format == "image_folder":
        _check_image_folder(context, name)


def _check_missing(field: str, part: Entity | Edges) -> None:
    """Only cells of CSV files are texts, which may stand for something else."""
    if part.missing and part.format not in ("csv", "image_manifest"):
        raise wrong(
            f"{field}.missing",
            part.missing,
            f"none, since files of format {part.format} say by themselves that a value is missing",
        )


def _check_path(lookup: Lookup, field: str, part: Entity | Edges, split: bool) -> None:
    """A glob for each split requires `unit: files`, and `unit: files` requires these globs."""
    by_files, shares = lookup.data.split.unit == "files", lookup.data.shares
    both = "a glob for " + " and for ".join(f"`{split}`" for split in shares)
    if isinstance(part.path, dict):
        if not by_files:
            raise wrong(field, part.path, "one glob, unless data.split.unit is `files`")
        if set(part.path) != set(shares):
            raise wrong(field, part.path, both)
    elif by_files and split:
        raise wrong(field, part.path, f"{both}, since data.split.unit is `files`")


def _check_image_folder(lookup: Lookup, name: str) -> None:
    types = {feature.name: feature.dtype for feature in lookup.features(name).values()}
    for needed in IMAGE_FOLDER:
        if types.get(needed) != "bytes":
            got = f"{needed!r} of type {types[needed]}" if needed in types else f"no {needed!r}"
            raise RecipeError(
                f"data.entities.{name}.format: got 'image_folder', which needs the features "
                f"{', '.join(IMAGE_FOLDER)}, all of BYTES; {lookup.paths[name]} has {got}"
            )


def _check_id(lookup: Lookup, name: str, entity: Entity) -> None:
    field = f"data.entities.{name}.id"
    feature = lookup.expect_one_key(field, name, entity.id)
    if entity.derive_id:
        _check_derived_id(lookup, name, entity, feature.dtype)
    if ID in lookup.features(name) and entity.id != ID:
        raise RecipeError(
            f"{field}: got {entity.id!r}, but {lookup.paths[name]} also has a feature {ID!r}, and "
            "`<role>_id` can hold only one of them: rename the feature"
        )


def _check_derived_id(lookup: Lookup, name: str, entity: Entity, dtype: str) -> None:
    """An id is derived where rows are read that have none, and it is text."""
    field = f"data.entities.{name}.derive_id"
    if not entity.read:
        raise RecipeError(f"{field}: got true; expected false, since no files are read for {name}")
    if entity.format == "image_folder":
        raise RecipeError(f"{field}: got true; expected false, since the path of a file is the id")
    if dtype != "bytes":
        raise RecipeError(
            f"{field}: got true; {lookup.paths[name]} has {entity.id!r} of type {dtype}; expected "
            "BYTES, since a derived id is text"
        )


def _check_list(context: Context, source: Source, name: str, edges: Edges) -> None:
    """Checks a table, which must be the source's, list negatives, or connect components."""
    field, listed = f"data.edges.{name}", context.negatives.edges
    if source.holds_members and source.table == name:
        _check_path(context, f"{field}.path", edges, split=True)
        named = {"left": edges.left, "right": edges.right, "value": edges.value}
        for key, value in (*named.items(), ("weight", edges.weight)):
            if value is not None:
                raise RecipeError(
                    f"{field}.{key}: unknown key for rows that hold tuples; `relation` names their "
                    "roles and label"
                )
        return
    if name not in (listed, source.table) and context.data.split.unit != "component":
        raise RecipeError(f"{field}: neither `relation` nor `split` uses it: remove it")
    faults = Faults()
    faults.check(_check_path, context, f"{field}.path", edges, split=False)
    for side, end in (("left", edges.left), ("right", edges.right)):
        faults.check(_check_end, context, name, f"{field}.{side}", end)
    if edges.left is not None and edges.right is not None and edges.left.id == edges.right.id:
        other = "a column other than that of the left end"
        faults.add(wrong(f"{field}.right.id", edges.right.id, other))
    if name == listed:
        for key, value in (("value", edges.value), ("weight", edges.weight)):
            if value is not None:
                none = "none, since each row is a negative with a probability"
                faults.add(wrong(f"{field}.{key}", value, none))
    else:
        if edges.value is not None:
            faults.check(context.expect, f"{field}.value", name, edges.value)
        if edges.weight is not None:
            faults.check(context.expect_number, f"{field}.weight", name, edges.weight)
    faults.raise_any()


def _check_end(lookup: Lookup, edges: str, field: str, end: End | None) -> None:
    if end is None:
        raise RecipeError(f"{field}: missing; expected an entity type, and the column with its id")
    faults = Faults()
    entity = faults.check(lookup.expect_entity, f"{field}.entity", end.entity)
    column = faults.check(lookup.expect_one_key, f"{field}.id", edges, end.id)
    if entity and column:
        key, what = lookup.id_of(end.entity), f"the id of {end.entity}"
        faults.check(lookup.expect_type, f"{field}.id", edges, end.id, key, what)
    faults.raise_any()


def _check_split(context: Context, source: Source) -> None:
    data, primary, faults = context.data, source.primary(context.data), Faults()
    for name in data.split.shared:
        what = "an entity type"
        faults.check(expect_one_of, "data.split.shared", name, what, data.entities)
    faults.raise_any()
    if primary in data.split.shared and source.table is None:
        raise RecipeError(
            f"data.split.shared: got {primary!r}; without edges or rows that are "
            "split, all splits would hold the same tuples"
        )
    if data.split.unit == "component" and not _connecting(context):
        raise wrong(
            "data.split.unit",
            "component",
            "another unit, or an edge list in data.edges that connects entities",
        )
    if data.split.feature is not None:
        for table in _split_tables(context, source):
            expect = context.expect_number if data.split.unit == "time" else context.expect_one_key
            expect("data.split.feature", table, data.split.feature)


def _connecting(context: Context) -> list[str]:
    """The edge lists that relate entities; not the list of negatives."""
    return [name for name in context.data.edges if name != context.negatives.edges]


def _split_tables(context: Context, source: Source) -> list[str]:
    """The tables whose rows are split: those that hold members, or entities that are not shared."""
    data = context.data
    if source.holds_members and source.table is not None:
        return [source.table]
    kept = {*source.brings(data), *data.split.shared}
    # Edges between entities that are in both splits are split themselves.
    return [name for name in data.entities if name not in kept] or _connecting(context)
