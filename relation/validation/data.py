"""Where rows come from, what identifies them, and how they are split."""

from relation.core.errors import RecipeError
from relation.data import Edges, End, Entity
from relation.names import ID
from relation.sources.base import Context, Source
from relation.sources.lookup import Lookup, expect_one_of, wrong

IMAGE_FOLDER = ("id", "image", "label")
"""The features of a row that is an image file in the folder of its class: all of BYTES."""


def check(context: Context, source: Source) -> None:
    """Checks what `data` names.

    Raises:
      RecipeError: the message names field, received value and what was expected.
    """
    _check_tables(context, source)
    for name, entity in context.data.entities.items():
        _check_origin(context, source, name, entity)
        _check_id(context, name, entity)
        _check_missing(f"data.entities.{name}", entity)
    for name, edges in context.data.edges.items():
        _check_missing(f"data.edges.{name}", edges)
        _check_list(context, source, name, edges)
    _check_split(context, source)


def _check_tables(context: Context, source: Source) -> None:
    """The tables that the source and negatives name exist: other checks depend on that."""
    tables, listed = context.data.edges, context.negatives.edges
    if source.table is not None:
        key = "rows" if source.holds_members else "edges"
        expect_one_of(f"relation.source.{key}", source.table, "one of data.edges", tables)
    if listed is not None:
        field = "relation.sampling.negatives.edges"
        expect_one_of(field, listed, "one of data.edges", tables)
        if listed == source.table:
            raise wrong(
                field,
                listed,
                "a list other than that of relation.source, whose edges are positives",
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
    """Two globs require `unit: files`, and `unit: files` requires two globs."""
    by_files, both = lookup.data.split.unit == "files", "a glob for `train` and for `eval`"
    if isinstance(part.path, dict):
        if not by_files:
            raise wrong(field, part.path, "one glob, unless data.split.unit is `files`")
        if set(part.path) != {"train", "eval"}:
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
    _check_path(context, f"{field}.path", edges, split=False)
    left, right = (
        _check_end(context, name, f"{field}.{side}", end)
        for side, end in (("left", edges.left), ("right", edges.right))
    )
    if left.id == right.id:
        raise wrong(f"{field}.right.id", right.id, "a column other than that of the left end")
    for key, value in (("value", edges.value), ("weight", edges.weight)):
        if name == listed and value is not None:
            raise wrong(
                f"{field}.{key}", value, "none, since each row is a negative with a probability"
            )
    if edges.value is not None:
        context.expect(f"{field}.value", name, edges.value)
    if edges.weight is not None:
        context.expect_number(f"{field}.weight", name, edges.weight)


def _check_end(lookup: Lookup, edges: str, field: str, end: End | None) -> End:
    if end is None:
        raise RecipeError(f"{field}: missing; expected an entity type, and the column with its id")
    lookup.expect_entity(f"{field}.entity", end.entity)
    lookup.expect_one_key(f"{field}.id", edges, end.id)
    key = lookup.id_of(end.entity)
    lookup.expect_type(f"{field}.id", edges, end.id, key, f"the id of {end.entity}")
    return end


def _check_split(context: Context, source: Source) -> None:
    data, primary = context.data, source.primary(context.data)
    for name in data.split.shared:
        expect_one_of("data.split.shared", name, "an entity type", data.entities)
    if primary in data.split.shared and source.table is None:
        raise RecipeError(
            f"data.split.shared: got {primary!r}; without edges or rows that are "
            "split, both splits would hold the same tuples"
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
