"""A proposal for rows that a list of edges connects, of one entity type or two."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from pipeline.new import gates, models
from pipeline.new.choice import Choice, Proposal, SchemaPlan
from pipeline.new.entities import Entities, entities, rows_of
from pipeline.new.relations.inline_rows import GIANT, label_gate, label_kind, model_parts
from pipeline.new.relations.member_columns import components
from pipeline.new.relations.parts import BAD_ROWS, evaluation, gate, held_out, split
from pipeline.new.rows import doubts
from pipeline.new.rows.kinds import Kind, profile
from pipeline.new.rows.table import Column, Table
from relation.core.errors import DataError

LIST = "links"
LEAST_NAMED = 0.5
"""Share of an edge column's values that must be ids, for it to name entities."""


class End(NamedTuple):
    """An endpoint: the column of the edge list, and the entity type and table that it names."""

    column: str
    entity: str
    table: int


def propose(
    name: str, tables: Mapping[str, Table], links: Table, label: str | None = None
) -> Proposal:
    """Propose to learn which rows are connected, or the value of a connection.

    Args:
      name: the recipe's name.
      tables: the rows of one entity type or of two, by name.
      links: the edge list.
      label: the column with the value of an edge; None: every edge is a positive.

    Raises:
      DataError: no two columns of the list hold ids of the rows.
    """
    sides = [entities(table) for table in tables.values()]
    types = dict(zip(tables, sides, strict=True))
    ends = endpoints(types, links, label)
    links = _with_types(links, ends, types)
    two = ends[0].entity != ends[1].entity
    shares, doubtful = _split(links, ends, two)
    value = None if label is None else label_kind(links.columns[label])
    count = held_out(links.rows, shares)
    roles = ("left", "right") if value else ("anchor", "positive", "negative")
    types = {
        one: entities(table, (), roles, identity=types[one].id) for one, table in tables.items()
    }
    schemas = {
        f"{name}.pbtxt" if number == 0 else f"{name}_{one}.pbtxt": side.plan
        for number, (one, side) in enumerate(types.items())
    }
    domains = {label: value.domain} if label is not None and value and value.domain else {}
    used = [end.column for end in ends] + ([label] if label is not None else [])
    plan = SchemaPlan(
        links,
        tuple(profile(links.columns[one]) for one in links.columns if one in used),
        {one: "it is neither an id nor the label" for one in links.columns if one not in used},
        None,
        domains,
        tuple(used),
    )
    schemas[f"{name}_{LIST}.pbtxt"] = plan
    features = [one for side in types.values() for one in side.features]
    if not all(side.features for side in types.values()):
        raise DataError("DATA: a table has no column beside its id that says anything about a row")
    numbers = models.numbers(features)
    model = _two_towers(types) if two and value is None else _one_model(types, value)
    if value is not None and label is not None:
        bounds = label_gate(links.columns[label], value, count)
    else:
        anchors = len(set(links.columns[ends[0].column].entries))
        held = held_out(anchors, shares)
        bounds = gate("auc", gates.auc_floor(held, held), ".5")
    recipe = {
        "name": name,
        "description": f"{label or 'Which rows are connected'}, by the edges of {LIST}.",
        "data": {
            "entities": {
                one: side.keys(file)
                for (one, side), file in zip(types.items(), schemas, strict=False)
            },
            "edges": {LIST: _list(f"{name}_{LIST}.pbtxt", links, ends, label)},
            "split": shares,
            "bad_rows": BAD_ROWS,
        },
        "relation": _relation(label, value),
        "model": {**({"numbers": numbers} if numbers else {}), **model},
        "training": models.training(links.rows, any(one.kind is Kind.IMAGE for one in features)),
        "evaluation": evaluation(bounds),
    }
    messages = [
        *(_unused(links, used) if label is None else []),
        *(line for table in tables.values() for line in doubts.of_rows(table)),
        *links.notes,
    ]
    return Proposal(recipe, schemas, (*messages, *doubtful, *_unnamed(links, ends, types)))


def endpoints(
    types: Mapping[str, Entities], links: Table, label: str | None = None
) -> tuple[End, End]:
    """The columns of an edge list that hold ids, and the entity types that they name.

    Raises:
      DataError: there are no two such columns.
    """
    ids = {
        name: {_key(entry) for entry in side.plan.table.columns[side.id].entries if entry}
        for name, side in types.items()
        if side.id in side.plan.table.columns
    }
    fits: list[tuple[str, str, float]] = []
    for column in links.columns.values():
        if column.name == label or not column.values:
            continue
        keys = {_key(entry) for entry in column.entries if entry}
        share, best = max(
            ((len(keys & theirs) / len(keys), name) for name, theirs in ids.items()),
            default=(0.0, ""),
        )
        if share >= LEAST_NAMED:
            fits.append((column.name, best, share))
    chosen = _chosen(fits, list(types))
    if chosen is None:
        held = ", ".join(repr(name) for name, _, _ in fits) or "none"
        raise DataError(
            f"EDGES: {links.path}: expected two columns with ids of {' and of '.join(types)}; "
            f"those that hold such ids: {held}. Ids are "
            + ", ".join(f"{side.id!r} of {name}" for name, side in types.items())
        )
    left, right = chosen
    names = list(types)
    return End(*left[:2], names.index(left[1])), End(*right[:2], names.index(right[1]))


def _chosen(
    fits: Sequence[tuple[str, str, float]], names: Sequence[str]
) -> tuple[tuple[str, str, float], tuple[str, str, float]] | None:
    if len(names) == 1:
        return (fits[0], fits[1]) if len(fits) >= 2 else None
    by_type = [next((fit for fit in fits if fit[1] == name), None) for name in names]
    left, right = by_type[0], by_type[1]
    return None if left is None or right is None else (left, right)


def _key(entry: Sequence[Any]) -> str:
    """An id as text, so that `7` and `b"7"` are one while types are not fixed."""
    return (
        entry[0].decode("utf-8", "backslashreplace")
        if isinstance(entry[0], bytes)
        else str(entry[0])
    )


def _with_types(links: Table, ends: Sequence[End], types: Mapping[str, Entities]) -> Table:
    """The edge list with ids of the entities' types.

    Raises:
      DataError: a column cannot have that type.
    """
    columns = dict(links.columns)
    for end in ends:
        side = types[end.entity]
        want = side.plan.table.columns[side.id].dtype
        column = columns[end.column]
        if column.dtype == want:
            continue
        if want != "bytes" or links.file_format == "tfrecord":
            raise DataError(
                f"EDGES: {links.path}: column {end.column!r} is of type {column.dtype}; expected "
                f"{want}, as the id {side.id!r} of {end.entity} is"
            )
        entries = (tuple(str(value).encode() for value in entry) for entry in column.entries)
        columns[end.column] = Column(column.name, "bytes", tuple(entries))
    return replace(links, columns=columns)


def _split(links: Table, ends: Sequence[End], two: bool) -> tuple[Choice, list[str]]:
    if two:
        unit = {"unit": "entity", "shared": [ends[1].entity]}
        why = f"with all edges of its {ends[0].entity}; every {ends[1].entity} is in both splits"
        return split(links.rows, unit, why), []
    giant, _ = components(links, {end.column: end.entity for end in ends})
    if giant <= GIANT:
        return split(links.rows, {"unit": "component"}, "with all that edges connect"), []
    doubt = (
        f"{giant:.0%} of the edges are connected, so entities are in both splits: the figures are "
        "those of new edges between entities that were seen, not of new entities"
    )
    unit = {"unit": "entity", "shared": [ends[0].entity]}
    return split(links.rows, unit, "of the edges, by a hash"), [doubt]


def _list(schema: str, links: Table, ends: Sequence[End], label: str | None) -> dict[str, Any]:
    sides = {
        side: Choice(
            {"entity": end.entity, "id": end.column},
            f"The values of {end.column!r} are ids of {end.entity}.",
        )
        for side, end in zip(("left", "right"), ends, strict=True)
    }
    value = {} if label is None else {"value": label}
    return {"schema": schema, **rows_of(links), **sides, **value}


def _relation(label: str | None, value: Any) -> dict[str, Any]:
    if value is not None:
        negatives = {"positives_per_anchor": "all", "negatives_per_anchor": 0}
        return {
            "type": Choice("pairs", f"Each edge is a pair with its {label!r}."),
            "source": Choice(
                {"type": "edges", "edges": LIST, "label": value.kind},
                f"{label!r} is {value.kind}: {value.why}.",
                "positive_from makes triplets of numbers; repeated: mean averages several edges "
                "between the same two (docs/relations.md).",
            ),
            "sampling": Choice(negatives, "All edges, and no pair without one."),
            "seed": 1,
        }
    return {
        "type": Choice(
            "triplets",
            "An entity, one that an edge connects it to, and one that none does.",
            "ntuples, with several negatives at once.",
        ),
        "source": Choice(
            {"type": "edges", "edges": LIST},
            "Every edge is a positive.",
            "label: scalar, with the value of an edge (LABEL=… of make new).",
        ),
        "sampling": Choice(
            {"triplets_per_anchor": "all"},
            "One triplet for each edge.",
            "a number bounds what frequent anchors give; negatives: {draw: popularity, alpha: "
            "0.75} draws what is frequent more often.",
        ),
        "seed": 1,
    }


def _two_towers(types: Mapping[str, Entities]) -> dict[str, Any]:
    return {
        "towers": {name: models.tower(side.features) for name, side in types.items()},
        "head": Choice({"type": "dot"}, "Embeddings that an index can be searched by.", "cosine."),
        "loss": Choice(
            {"type": "in_batch_softmax", "temperature": 0.1},
            "All other candidates of a batch are negatives, too.",
            "triplet, pairwise_logistic (docs/reference/heads-and-losses.md).",
        ),
    }


def _one_model(types: Mapping[str, Entities], value: Any) -> dict[str, Any]:
    towers: dict[str, Any]
    if value is not None:
        features = [one for side in types.values() for one in side.features]
        tower, head, loss = model_parts(features, value, words=len(types) == 1)
        if len(types) > 1:
            towers = {"towers": {name: models.tower(side.features) for name, side in types.items()}}
        else:
            towers = {"tower": tower}
        return {**towers, "head": head, "loss": loss}
    side = next(iter(types.values()))
    return {
        "tower": models.tower(side.features),
        "head": Choice({"type": "squared_distance"}, "Distances, to look up neighbours by."),
        "loss": Choice({"type": "triplet", "margin": 1.0}, "Positives shall be nearer."),
    }


def _unused(links: Table, used: Sequence[str]) -> list[str]:
    """Columns of edges that may hold values, where every edge is taken for a positive."""
    rest = [one for one in links.columns if one not in used]
    numbers = [one for one in rest if profile(links.columns[one]).kind is Kind.NUMBER]
    if not numbers:
        return []
    return [
        f"every edge is taken for a positive, whatever its {' or '.join(map(repr, numbers[:3]))}: "
        "LABEL=… learns such a value instead"
    ]


def _unnamed(links: Table, ends: Sequence[End], types: Mapping[str, Entities]) -> list[str]:
    """Ids that no entity has; and two columns of one type that share no id."""
    messages = []
    keys = []
    for end in ends:
        side = types[end.entity]
        ids = {_key(entry) for entry in side.plan.table.columns[side.id].entries if entry}
        named = {_key(entry) for entry in links.columns[end.column].entries if entry}
        keys.append(named)
        if side.plan.table.whole and (lost := named - ids):
            messages.append(
                f"{len(lost):,} of {len(named):,} ids of {end.column!r} name nothing in "
                f"{end.entity}: their edges are dropped and counted"
            )
    if ends[0].entity == ends[1].entity and not keys[0] & keys[1]:
        messages.append(
            f"{ends[0].column!r} and {ends[1].column!r} share no id: are they of two lists? Then "
            "give both files, DATA=first,second"
        )
    return messages
