"""Choose what rows can teach, and propose a recipe for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.new.choice import Proposal
from pipeline.new.relations import edges, inline_rows, lists, same_label, tags
from pipeline.new.relations.member_columns import members
from pipeline.new.rows.kinds import Kind, Profile, profile
from pipeline.new.rows.table import Table
from relation.core.errors import DataError

_LABELS = ("label", "labels", "class", "target", "category", "species", "tags", "y", "kind")
"""Names of columns that usually hold a label, the likeliest first."""
_PAIR_LABELS = ("label", "match", "same", "score", "similarity", "relation", "rating", "value", "y")
_GRADES = ("grade", "relevance", "rel", "relevance_label", "label", "score", "rating", "target")
_QUERIES = ("query", "query_id", "qid", "queryid", "search_id", "srch_id", "session_id")


@dataclass(frozen=True)
class Question:
    """What a user asks for.

    Fields:
      name: of the recipe.
      data: the rows of one entity type or of two, by name.
      links: a list of edges between them.
      label: the column with the label; None: it is guessed.
    """

    name: str
    data: Mapping[str, Table]
    links: Table | None = None
    label: str | None = None


def propose(question: Question) -> Proposal:
    """Propose a recipe.

    Raises:
      DataError: the label is not a column, or cannot be guessed, or the rows teach nothing.
    """
    _check(question)
    if question.links is not None:
        return edges.propose(question.name, question.data, question.links, question.label)
    table, name = next(iter(question.data.values())), question.name
    pair = members(table.columns)
    if pair is not None and (
        pair_label := _label(table, question.label, _PAIR_LABELS, pair.columns)
    ):
        label, guessed = pair_label
        roles = " and ".join(repr(f"{role}_…") for role in pair.roles)
        doubt = f"columns {roles} are taken for two members of a row" + guessed
        return inline_rows.propose(name, table, pair, label, doubt)
    group = next((one for one in table.columns if _is_query(table, one)), None)
    if group is not None and (grade := _label(table, question.label, _GRADES, [group])):
        label, guessed = grade
        if profile(table.columns[label]).kind is Kind.NUMBER:
            doubt = f"{group!r} is taken for the query whose rows are graded" + guessed
            return lists.propose(name, table, group, label, doubt)
    label, guessed = (question.label, "") if question.label else guess_label(table)
    if table.columns[label].width > 1:
        return tags.propose(name, table, label, guessed)
    return same_label.propose(name, table.with_labels(label), label, guessed)


def _check(question: Question) -> None:
    if len(question.data) > 1 and question.links is None:
        raise DataError(
            f"EDGES: missing; DATA has {len(question.data)} tables, and something must connect them"
        )
    if len(question.data) > 2:
        raise DataError(f"DATA: got {len(question.data)} tables; expected one or two")
    labelled = question.links or next(iter(question.data.values()))
    if question.label is not None and question.label not in labelled.columns:
        raise DataError(
            f"LABEL: got {question.label!r}; expected one of the columns of {labelled.path}: "
            f"{', '.join(labelled.columns)}"
        )


def _label(
    table: Table, label: str | None, names: tuple[str, ...], taken: list[str]
) -> tuple[str, str] | None:
    """The label that the user names, or a column of one of these names, and the rest of a doubt."""
    if label is not None:
        return label, ""
    free = [one for one in table.columns if one not in taken]
    for want in names:
        for one in free:
            if _named(one, want):
                return one, f", and {one!r} for their label; else name it by LABEL=…"
    return None


def _is_query(table: Table, name: str) -> bool:
    """Whether a column is called as queries are, and several rows share each value."""
    if not any(re.fullmatch(want, name, re.I) for want in _QUERIES):
        return False
    column = table.columns[name]
    return column.dtype != "float" and len(set(column.values)) <= len(column.entries) / 2


def guess_label(table: Table) -> tuple[str, str]:
    """The column that most likely holds the label, and the sentence that says so.

    Raises:
      DataError: no column has values that rows share.
    """
    fit = [one for one in map(profile, table.columns.values()) if _may_be_label(one)]
    if not fit:
        raise DataError(
            f"LABEL: no column of {table.path} has values that rows share; expected LABEL=<column>,"
            f" one of {', '.join(table.columns)}"
        )
    if (nested := _nested_label(table)) is not None:
        return nested
    named = [one for want in _LABELS for one in fit if _named(one.name, want)]
    categories = [one for one in fit if one.kind is Kind.CATEGORY]
    if not named and not categories:
        raise DataError(
            "LABEL: missing, and no column is plainly a label; expected LABEL=<column>, one of "
            f"{', '.join(one.name for one in fit)}"
        )
    one = named[0] if named else categories[-1]
    why = "its name says so" if named else "it is the last category"
    others = ", ".join(repr(other.name) for other in fit if other is not one)
    return one.name, f"{one.name!r} is taken for the label, because {why}" + (
        f"; else name one by LABEL=…: {others}" if others else ""
    )


def _nested_label(table: Table) -> tuple[str, str] | None:
    """The label of images in nested folders: the whole path where names of folders recur."""
    if table.file_format != "image_folder" or "folder" not in table.columns:
        return None
    levels = [name for name in table.columns if name.startswith("folder_")]
    paths = len(set(table.columns["folder"].values))
    recur = len(set(table.columns["label"].values)) < paths
    chosen = "folder" if recur else "label"
    why = "folders of one name lie in several folders" if recur else "each has a name of its own"
    return chosen, (
        f"{chosen!r} is taken for the label, because {why}; else name a level by LABEL=…: "
        f"{', '.join(levels)}. To keep all images of {levels[0]!r} in one split, use split: "
        f"{{unit: group, feature: {levels[0]}}}"
    )


def _named(name: str, want: str) -> bool:
    return re.fullmatch(rf"(.*[_\W])?{want}", name, re.I) is not None


def _may_be_label(one: Profile) -> bool:
    shared = 2 <= one.distinct <= max(20, len(one.column.entries) / 3)
    discrete = one.kind is Kind.CATEGORY or (one.kind is Kind.NUMBER and one.column.dtype == "int")
    return discrete and shared
