"""The page as typed, immutable objects. Their text is plain; `html.py` escapes it."""

import enum
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from markupsafe import Markup


class Mark(str, enum.Enum):
    """A mark of right and wrong, shown as a colour and a sign."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class TableCell:
    """A cell of a table.

    Attributes:
      text: content.
      number: whether it is aligned as a number.
      share: in [0, 1], drawn as a bar behind the text.
      mark: drawn as a sign before the text.
    """

    text: str
    number: bool = False
    share: float | None = None
    mark: Mark | None = None


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its header. `heat` draws shares as shades."""

    kind: ClassVar[str] = "table"
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    heat: bool = False


@dataclass(frozen=True)
class Figure:
    """A drawing; `description` is its text for screen readers."""

    title: str
    svg: Markup
    description: str
    note: str = ""
    full_width: bool = False


@dataclass(frozen=True)
class Figures:
    """Figures side by side, as many as fit."""

    kind: ClassVar[str] = "figures"
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Card:
    """An entity: its image (a data URI), or its features.

    `role` is its part in the tuple (query, label, 3rd); `note` is the model's output.
    """

    name: str
    image: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    role: str = ""
    note: str = ""
    mark: Mark | None = None


@dataclass(frozen=True)
class Strip:
    """An entity, and its related entities in order: as cards, or as a table."""

    lead: Card
    cards: tuple[Card, ...] = ()
    note: str = ""
    table: Table | None = None


@dataclass(frozen=True)
class Sheet:
    """Strips below each other."""

    kind: ClassVar[str] = "sheet"
    title: str
    strips: tuple[Strip, ...]

    @property
    def narrow(self) -> bool:
        """Whether several strips fit side by side."""
        return all(
            len(s.cards) <= 3 and (not s.table or len(s.table.head) <= 3) for s in self.strips
        )


@dataclass(frozen=True)
class Note:
    """A paragraph, highlighted if it is a warning."""

    kind: ClassVar[str] = "note"
    text: str
    warning: bool = False


Block: TypeAlias = Table | Figures | Sheet | Note


@dataclass(frozen=True)
class Section:
    """A part of the page. `id` is its anchor; `lead` explains it."""

    id: str
    title: str
    lead: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Banner:
    """The verdict, its cause and main metrics.

    `verdict`: `blessed`, `refused`, `data` without a model, or `measured` without gates.
    """

    verdict: str
    cause: str
    highlights: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Page:
    """The whole page."""

    title: str
    description: str
    banner: Banner
    sections: tuple[Section, ...]
