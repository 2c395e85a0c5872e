"""Strips and samples that several sections share."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

from components.report.collect.tuple_sample import Member
from components.report.render.cards import Cards
from components.report.render.page import Card, Mark, Strip, Table, TableCell
from components.report.text import Name

T = TypeVar("T")


def side_by_side(
    cards: Cards, left: Member, right: Member, note: str, mark: Mark | None = None
) -> Strip:
    """Show two entities: images as cards, records as a table with a row for each feature."""
    first, second = cards.card(left), cards.card(right, mark=mark)
    if first.image or second.image:
        return Strip(first, (second,), note)
    facts, others = dict(first.facts), dict(second.facts)
    rows = tuple(
        (
            TableCell(name),
            TableCell(facts.get(name, "–")),
            TableCell(others.get(name, "–")),
            TableCell("=" if facts.get(name) == others.get(name) else "≠"),
        )
        for name in dict.fromkeys([*facts, *others])
    )
    names = Name.of(left.id), Name.of(right.id)
    head = Card(name=" and ".join(names), mark=mark)
    return Strip(head, note=note, table=Table(" and ".join(names), ("", *names, ""), rows))


def hash_sample(items: Sequence[T], count: int, ids: Iterable[bytes]) -> list[T]:
    """Sample at most `count` items by a hash of their ids, so that the sample is repeatable."""
    order = sorted(zip(items, ids, strict=True), key=lambda item: hashlib.blake2b(item[1]).digest())
    return [item for item, _ in order[:count]]
