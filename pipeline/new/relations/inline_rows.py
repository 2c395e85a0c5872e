"""A proposal for rows that hold two members and a label: do they match, how alike are they?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from pipeline.new import gates, models
from pipeline.new.choice import Choice, Proposal, SchemaPlan
from pipeline.new.entities import Entities, entities, rows_of
from pipeline.new.relations.member_columns import MemberColumns, components, united
from pipeline.new.relations.parts import BAD_ROWS, ITEM, evaluation, gate, held_out, split
from pipeline.new.rows import doubts
from pipeline.new.rows.kinds import Kind, Profile, profile
from pipeline.new.rows.table import Column, Table
from relation.core.errors import DataError
from relation.names import ID, prefixed

MOST_CLASSES = 20
GIANT = 0.2
"""Share of rows in one component from which components cannot be split."""


class Label(NamedTuple):
    """The label of two members.

    Attributes:
      kind: `binary`, `scalar` or `class`.
      why: why that kind.
      domain: the classes; empty for numbers.
    """

    kind: str
    why: str
    domain: tuple[str, ...] = ()


def propose(
    name: str, table: Table, pair: MemberColumns, label: str, guessed: str = ""
) -> Proposal:
    """Propose to learn the label of two members.

    Args:
      name: the recipe's name.
      table: the rows.
      pair: the columns of the members.
      label: the column with the label.
      guessed: why these columns are taken; "" if the user named them.

    Raises:
      DataError: the label cannot be learnt, or no column says anything about a member.
    """
    kind = label_kind(table.columns[label])
    member_table, table, unlike = united(table, pair)
    two_lists = ids_of_two_lists(member_table, table.rows)
    identity = ID if ID in member_table.columns and not two_lists else None
    left_out = unlike if not two_lists else {**unlike, ID: two_lists}
    items = entities(member_table, (), pair.roles, left_out, identity=identity)
    if kind.kind == "binary":
        items = _worded(items)
    features = items.features
    if not features:
        raise DataError(f"DATA: {table.path}: no column says anything about {pair.roles[0]!r}")
    ids = [prefixed(role, items.id) for role in pair.roles]
    shares, recurring = _split(table, ids)
    schemas = {
        f"{name}.pbtxt": items.plan,
        f"{name}_rows.pbtxt": _rows_plan(table, pair, label, kind, items.plan.profiles),
    }
    numbers = models.numbers(features)
    count = held_out(table.rows, shares)
    tower, head, loss = model_parts(features, kind)
    recipe = {
        "name": name,
        "description": f"{label} of two rows, {pair.roles[0]} and {pair.roles[1]}.",
        "data": {
            "entities": {
                ITEM: {
                    "schema": f"{name}.pbtxt",
                    "id": Choice(items.id, "The id of a member; without a column, a hash of it."),
                }
            },
            "edges": {
                "rows": {
                    "schema": f"{name}_rows.pbtxt",
                    **rows_of(table),
                }
            },
            "split": shares,
            "bad_rows": BAD_ROWS,
        },
        "relation": {
            "type": Choice(
                "rows", "Each row holds both members: their columns begin with the same words."
            ),
            "source": {"type": "row", "rows": "rows"},
            "roles": dict.fromkeys(pair.roles, ITEM),
            "label": Choice(label, f"It is {kind.kind}: {kind.why}."),
            "label_kind": kind.kind,
            "seed": 1,
        },
        "model": {
            **({"numbers": numbers} if numbers else {}),
            "tower": tower,
            "head": head,
            "loss": loss,
        },
        "training": models.training(table.rows, any(one.kind is Kind.IMAGE for one in features)),
        "evaluation": evaluation(label_gate(table.columns[label], kind, count)),
    }
    doubtful = [
        *doubts.of_rows(table),
        *([guessed] if guessed else []),
        *([two_lists] if two_lists else []),
        *recurring,
        *(doubts.same_but_for_writing(Counter(table.columns[label].values)) if kind.domain else []),
    ]
    return Proposal(recipe, schemas, tuple(doubtful))


def _worded(items: Entities) -> Entities:
    """Make texts of categories beside texts: words of one may be among those of the other."""
    profiles = items.plan.profiles
    if all(one.kind is not Kind.TEXT for one in profiles):
        return items
    texts = tuple(
        replace(one, kind=Kind.TEXT, reason=f"{one.reason}; as a text, its words are compared")
        if one.kind is Kind.CATEGORY and one.column.dtype == "bytes" and one.name != items.id
        else one
        for one in profiles
    )
    return replace(items, plan=replace(items.plan, profiles=texts))


def ids_of_two_lists(members: Table, rows: int) -> str | None:
    """Whether one id names different members on the two sides, so that ids are of two lists.

    Args:
      members: those of the first role, then those of the second.
      rows: how many each role has.

    Returns:
      The doubt; None where there are no ids, or each names one member.
    """
    if ID not in members.columns:
        return None
    others = [column.entries for name, column in members.columns.items() if name != ID]
    contents = (
        list(zip(*others, strict=True)) if others else [()] * len(members.columns[ID].entries)
    )
    ids = members.columns[ID].entries
    first = dict(zip(ids[:rows], contents[:rows], strict=True))
    for key, content in zip(ids[rows:], contents[rows:], strict=True):
        if key and first.get(key, content) != content:
            return (
                f"id {key[0]!r} names different members on the two sides, so ids are of two lists: "
                "they are left out, and the id of a member is a hash of its columns"
            )
    return None


def label_kind(label: Column) -> Label:
    """What the label of two members is.

    Raises:
      DataError: it has one value, or too many that are texts.
    """
    values = set(label.values)
    if len(values) < 2:
        raise DataError(
            f"LABEL: {label.name!r} has {len(values)} value; expected two or more to learn from"
        )
    if label.dtype != "bytes":
        if values <= {0, 1}:
            return Label("binary", "its values are 0 and 1")
        return Label("scalar", f"it has {len(values):,} different numbers")
    if len(values) > MOST_CLASSES:
        raise DataError(
            f"LABEL: {label.name!r} has {len(values):,} different texts; expected a number, or at "
            f"most {MOST_CLASSES} classes"
        )
    shown = sorted(value.decode("utf-8", "replace") for value in values if isinstance(value, bytes))
    return Label("class", f"it has {len(values)} different texts", tuple(shown))


def model_parts(
    features: Sequence[Profile], label: Label, words: bool = True
) -> tuple[Choice, Choice, Choice]:
    """Tower, head and loss for the label of two members.

    Args:
      features: columns of the members.
      label: the label.
      words: whether both are of one entity type, so that words can be looked for on both sides.
    """
    kinds = {one.kind for one in features}
    worded = Kind.TEXT in kinds and kinds <= {Kind.TEXT, Kind.NUMBER}
    if words and worded and label.kind == "binary":
        return (
            Choice(
                {"type": "words", "embedding": 64, "dropout": 0.1},
                "Texts as words that keep their meaning by being the same on both sides.",
                "{type: sequence} learns what words mean, from many rows.",
            ),
            Choice(
                {"type": "alignment", "dense": [64], "dropout": 0.3},
                "Looks for each word of one member among those of the other, and says what is left "
                "over: it needs few labelled rows.",
                "concat_mlp, for any columns.",
            ),
            _LOSSES[label.kind],
        )
    inputs = ["difference", "product", "cosine"]
    heads: dict[str, dict[str, Any]] = {
        "binary": {"type": "concat_mlp", "inputs": inputs, "dense": [64]},
        "scalar": {
            "type": "concat_mlp",
            "inputs": ["left", "right", "difference", "distance"],
            "dense": [64],
            "output": "number",
        },
        "class": {
            "type": "vector",
            "inputs": ["left", "right", "difference", "product"],
            "dense": [64],
        },
    }
    return (
        models.tower(features),
        Choice(
            heads[label.kind],
            "A perceptron over both embeddings and how they differ.",
            "squared_distance or cosine, if neighbours are to be looked up, too "
            "(docs/reference/heads-and-losses.md).",
        ),
        _LOSSES[label.kind],
    )


_LOSSES = {
    "binary": Choice({"type": "binary_cross_entropy"}, "The label is 0 or 1."),
    "scalar": Choice({"type": "mse"}, "The label is a number.", "mae, for outliers."),
    "class": Choice({"type": "class_cross_entropy"}, "The label is a class."),
}


def label_gate(label: Column, kind: Label, count: float) -> dict[str, Choice]:
    """The gate of a label of two members.

    Args:
      label: its column.
      kind: its kind.
      count: how many rows are held out.
    """
    values = label.values
    if kind.kind == "binary":
        positives = sum(value == 1 for value in values) / len(values) * count
        return gate("auc", gates.auc_floor(positives, count - positives), ".5")
    if kind.kind == "scalar":
        return gate("spearman", gates.correlation_floor(count), "0")
    share = Counter(values).most_common(1)[0][1] / len(values)
    floor = gates.share_floor(share, count)
    return gate("accuracy", floor, f"the share of the most frequent class, {share:.2f}")


def _split(table: Table, ids: Sequence[str]) -> tuple[Choice, list[str]]:
    """How rows are split so that members are in one split, and the doubt if that cannot be."""
    present = [name for name in ids if name in table.columns]
    if len(present) < len(ids):
        shared = {"unit": "entity", "shared": [ITEM]}
        doubt = (
            "members have no ids of one list, so that one which is equal in two rows may be in "
            "both splits"
        )
        return split(table.rows, shared, "by a hash of its members"), [doubt]
    giant, recurring = components(table, dict.fromkeys(present, ITEM))
    if not recurring:
        return split(table.rows, why="by a hash of its first member"), []
    if giant <= GIANT:
        unit = {"unit": "component"}
        return split(table.rows, unit, "with all rows that share a member, however indirectly"), []
    doubt = (
        f"{giant:.0%} of the rows are connected by members that they share, so members are in both "
        "splits: the figures are those of new pairs of members that were seen, not of new members"
    )
    shared = {"unit": "entity", "shared": [ITEM]}
    return split(table.rows, shared, "by a hash of its members"), [doubt]


def _rows_plan(
    table: Table, pair: MemberColumns, label: str, kind: Label, members: Sequence[Profile]
) -> SchemaPlan:
    """The schema of the rows: the members' columns, as the entity type has them, and the label."""
    wanted = {prefixed(role, one.name): one for role in pair.roles for one in members}
    names = [name for name in table.columns if name in wanted or name == label]
    left_out = {
        name: "it is of no member"
        for name in table.columns
        if name not in names and name not in pair.columns
    }
    domains = {label: kind.domain} if kind.domain else {}
    profiles = tuple(
        replace(wanted[name], column=table.columns[name])
        if name in wanted
        else profile(table.columns[name])
        for name in names
    )
    return SchemaPlan(table, profiles, left_out, None, domains, (label,))
