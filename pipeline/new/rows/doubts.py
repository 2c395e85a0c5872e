"""What is doubtful about rows: for the user, who knows better.

Every function returns sentences, and nothing where there is no doubt.
"""

import itertools
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence

from pipeline.new.rows.kinds import FEATURES, Kind, Profile, looks_like_id
from pipeline.new.rows.table import Column, Table
from relation.files.feature_values import Value

LEAST_ROWS = 100
SHOWN = 3
"""Examples in a sentence."""
GIVEN_AWAY = 0.99
"""Share of rows whose label follows from a column, from which it gives the label away."""
DIGITS = 3
"""Significant digits by which numbers of two rows are compared."""


def of_rows(table: Table) -> list[str]:
    """Too few rows; or only a part of them was looked at."""
    doubts = list(table.notes)
    if table.rows < LEAST_ROWS:
        doubts.append(
            f"only {table.rows:,} rows: a model and its gates need at least {LEAST_ROWS} to mean "
            "something"
        )
    if not table.whole:
        doubts.append(
            f"only {table.rows:,} rows were looked at: later ones may have other values, and more "
            "of them in a list"
        )
    return doubts


def of_label(label: Column) -> list[str]:
    """Labels that are one but for case or normalization; labels of one row; rows without one."""
    counts = Counter(label.values)
    doubts = same_but_for_writing(counts)
    if alone := [value for value, count in counts.items() if count == 1]:
        doubts.append(
            f"{len(alone):,} of {len(counts):,} values of {label.name!r} occur once ("
            f"{_listed(alone)}): such rows have no other row to be related to"
        )
    doubts += of_joined(label.name, counts)
    if label.missing:
        doubts.append(
            f"{label.missing:,} of {len(label.entries):,} rows have no {label.name!r}: they are "
            "skipped"
        )
    return doubts


def of_joined(name: str, counts: Counter[Value]) -> list[str]:
    """Texts that look like several labels in one, with a character between.

    >>> of_joined("t", Counter([b"a;b", b"b", b"c;a", b"c"]))[0][:34]
    "values of 't' look like lists with"
    """
    texts = [value for value in counts if isinstance(value, bytes)]
    for separator in (b";", b"|", b","):
        joined = [value for value in texts if separator in value]
        parts = {part.strip() for value in texts for part in value.split(separator)}
        if len(joined) > len(texts) / 4 and len(parts) < len(texts):
            return [
                f"values of {name!r} look like lists with {separator.decode()!r} between, as in "
                f"{_shown(joined[0])}: a CSV cell holds one value, so write JSON lines or Parquet "
                "with lists, for tags"
            ]
    return []


def same_but_for_writing(counts: Counter[Value]) -> list[str]:
    """Values that differ in case, spaces or Unicode normalization alone.

    >>> same_but_for_writing(Counter([b"Cat", b"cat ", b"dog"]))
    ["'Cat' (1) and 'cat ' (1) differ in case, spaces or normalization alone: are they one label?"]
    """
    groups: dict[str, list[bytes]] = defaultdict(list)
    for value in sorted(value for value in counts if isinstance(value, bytes)):
        groups[folded(value)].append(value)
    return [
        f"{' and '.join(f'{_shown(value)} ({counts[value]:,})' for value in group[:SHOWN])} differ "
        "in case, spaces or normalization alone: are they one label?"
        for group in groups.values()
        if len(group) > 1
    ]


def folded(value: bytes) -> str:
    """A text without the differences of case, spaces and Unicode normalization."""
    text = unicodedata.normalize("NFKC", value.decode("utf-8", "backslashreplace"))
    return " ".join(unicodedata.normalize("NFKC", text.casefold()).split())


def of_equal_rows(features: Sequence[Profile], label: Column | None) -> list[str]:
    """Rows whose features are equal or nearly so.

    Args:
      features: the columns that enter a tower.
      label: the label, if there is one.
    """
    columns = [one.column for one in features if one.kind in FEATURES]
    if not columns:
        return []
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for row, entries in enumerate(zip(*(column.entries for column in columns), strict=True)):
        groups[tuple(tuple(_rounded(value) for value in entry) for entry in entries)].append(row)
    twins = [rows for rows in groups.values() if len(rows) > 1]
    if not twins:
        return []
    extra = sum(len(rows) - 1 for rows in twins)
    doubts = [
        f"{_count(extra, 'row repeats', 'rows repeat')} the features of another, or nearly so "
        f"(numbers to {DIGITS} digits, texts but for case; the first: rows "
        f"{' and '.join(f'{row + 1:,}' for row in twins[0][:2])}): copies in both splits make a "
        "model look better than it is"
    ]
    labels = [] if label is None else [{label.entries[row] for row in rows} for rows in twins]
    if differing := sum(len(one) > 1 for one in labels):
        assert label is not None
        doubts.append(
            f"{_count(differing, 'group', 'groups')} of rows with the same features "
            f"{'has' if differing == 1 else 'have'} different {label.name!r}: "
            "no model can tell them apart"
        )
    return doubts


def giving_away(profiles: Iterable[Profile], label: Column) -> dict[str, str]:
    """Columns from which the label follows, with the reason by name.

    A category gives a label away where each of its values that recur goes with one label; a
    number, where the labels are intervals of it. A label of one value or several is compared as
    a whole.
    """
    reasons = {}
    for one in profiles:
        if one.name == label.name or one.column.width > 1:
            continue
        pairs = [
            (entry[0], want)
            for entry, want in zip(one.column.entries, label.entries, strict=True)
            if entry and want
        ]
        if len({want for _, want in pairs}) < 2:
            continue
        if one.kind is Kind.CATEGORY and _decides(pairs):
            reasons[one.name] = f"each value of {one.name!r} goes with one {label.name!r}"
        elif one.kind is Kind.NUMBER and _parts(pairs):
            reasons[one.name] = f"intervals of {one.name!r} are the values of {label.name!r}"
    return reasons


def _decides(pairs: Sequence[tuple[Value, Hashable]]) -> bool:
    by_value: dict[Value, Counter[Hashable]] = defaultdict(Counter)
    for value, label in pairs:
        by_value[value][label] += 1
    recurring = [labels for labels in by_value.values() if labels.total() > 1]
    rows = sum(labels.total() for labels in recurring)
    decided = sum(labels.most_common(1)[0][1] for labels in recurring)
    return rows > len(pairs) / 2 and decided >= GIVEN_AWAY * rows


def _parts(pairs: Sequence[tuple[Value, Hashable]]) -> bool:
    numbers = sorted((value, str(label)) for value, label in pairs if not isinstance(value, bytes))
    labels = [label for _, label in numbers]
    changes = sum(one != other for one, other in itertools.pairwise(labels))
    ties: dict[Value, set[str]] = defaultdict(set)
    for value, label in numbers:
        ties[value].add(label)
    return changes == len(set(labels)) - 1 and all(len(one) == 1 for one in ties.values())


def of_keys(profiles: Iterable[Profile], label: str | None) -> list[str]:
    """Codes that several rows share: perhaps such rows should be in one split."""
    return [
        f"rows share values of {one.name!r} ({one.distinct:,} in {len(one.column.entries):,} "
        "rows): if those of one belong together, use split: "
        f"{{unit: group, feature: {one.name}}}"
        for one in profiles
        if one.kind is Kind.CATEGORY and one.name != label and looks_like_id(one.name)
    ]


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _rounded(value: Value) -> Hashable:
    if isinstance(value, bytes):
        return value if value.startswith((b"\x89PNG", b"\xff\xd8")) else folded(value)
    return float(f"{value:.{DIGITS}g}")


def _shown(value: Value) -> str:
    if isinstance(value, bytes):
        text = repr(value.decode("utf-8", "backslashreplace"))
        return text if len(text) <= 40 else text[:38] + "…'"
    return str(value)


def _listed(values: Sequence[Value]) -> str:
    rest = ", …" if len(values) > SHOWN else ""
    return ", ".join(map(_shown, values[:SHOWN])) + rest
