"""The page as typed, immutable objects. All text in them is plain; `html.py` escapes it."""

import enum
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from markupsafe import Markup


class Mark(str, enum.Enum):
    """How something is marked: by a colour and, for those who see none, by a sign."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
      number: whether it is aligned as a number.
      share: in [0, 1]; drawn as a bar behind the text.
      mark: drawn as a sign before the text.
    """

    text: str
    number: bool = False
    share: float | None = None
    mark: Mark | None = None


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its header. `heat`: shares are shades, not bars."""

    kind: ClassVar[str] = "table"
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    heat: bool = False


@dataclass(frozen=True)
class Figure:
    """A drawing. `description` is for those who cannot see it."""

    title: str
    svg: Markup
    description: str
    note: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Figures:
    """Drawings side by side, as many as fit."""

    kind: ClassVar[str] = "figures"
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Card:
    """An entity: its picture (a data URI), or what its features say.

    `role` says what it is here (query, label, 3rd); `note` what the model says of it.
    """

    name: str
    image: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    role: str = ""
    note: str = ""
    mark: Mark | None = None


@dataclass(frozen=True)
class Strip:
    """An entity, and what the model relates to it, in order: cards, or the rows of a table."""

    lead: Card
    cards: tuple[Card, ...] = ()
    note: str = ""
    table: Table | None = None


@dataclass(frozen=True)
class Sheet:
    """Strips under each other."""

    kind: ClassVar[str] = "sheet"
    title: str
    strips: tuple[Strip, ...]

    @property
    def narrow(self) -> bool:
        """Whether several strips fit beside each other."""
        return all(
            len(s.cards) <= 3 and (not s.table or len(s.table.head) <= 3) for s in self.strips
        )


@dataclass(frozen=True)
class Note:
    """A paragraph; `warning`: one that must not be overlooked."""

    kind: ClassVar[str] = "note"
    text: str
    warning: bool = False


Block: TypeAlias = Table | Figures | Sheet | Note


@dataclass(frozen=True)
class Section:
    """A part of the page. `id` is its anchor; `lead` says what it shows and how to read it."""

    id: str
    title: str
    lead: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Banner:
    """The verdict: `blessed`, `refused` or `data` (there was no model to judge), and why."""

    verdict: str
    cause: str
    figures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Page:
    """The whole page."""

    title: str
    description: str
    banner: Banner
    sections: tuple[Section, ...]
