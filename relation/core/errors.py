"""The errors that are meant for the user: their text is a sentence that says what to fix.

`Faults` collects those of checks that do not depend on each other, to tell them all at once.
"""

import difflib
from collections.abc import Callable, Collection, Iterable
from typing import ParamSpec

P = ParamSpec("P")


LONGEST = 80
"""Of an id in a message, in characters."""


class UserError(Exception):
    """Something the user can fix: the message names the field, the value and what was expected."""


class RecipeError(UserError):
    """A recipe or one of the files that it names is wrong."""


class DataError(UserError):
    """The data is not what the recipe and the schema say."""


def named(error: BaseException) -> str:
    """The type and message of an exception of a user's code, on one line, cut to part of it."""
    text = " ".join(str(error)[: 4 * LONGEST].split())
    return f"{type(error).__name__}: {text or 'no message'}"


def show(value: bytes) -> str:
    """An id or label for messages, on one line, cut to part of it."""
    try:
        text = repr(value.decode())
    except UnicodeDecodeError:
        text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


class Faults:
    """Faults, one line each, in the order in which checks found them; each once.

    >>> faults = Faults(["name: missing; it is required"])
    >>> def check(value):
    ...     raise RecipeError(f"seed: got {value}; expected 0 or more")
    >>> faults.check(check, -1)
    False
    >>> faults.lines
    ('name: missing; it is required', 'seed: got -1; expected 0 or more')
    """

    def __init__(self, lines: Iterable[str] = ()):
        self._lines = dict.fromkeys(lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines."""
        return tuple(self._lines)

    def add(self, error: UserError) -> None:
        """Add the faults of an error."""
        self._lines |= dict.fromkeys(str(error).splitlines())

    def extend(self, other: "Faults") -> None:
        """Add the faults of another collection."""
        self._lines |= other._lines

    def check(self, check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Run a check, which raises RecipeError; collect its faults.

        Returns:
          Whether there was no fault.
        """
        try:
            check(*args, **kwargs)
        except RecipeError as error:
            self.add(error)
            return False
        return True

    def raise_any(self) -> None:
        """Raise RecipeError with all lines, if there are any."""
        if self._lines:
            raise RecipeError("\n".join(self._lines))


def nearest(name: str, names: Collection[str]) -> str | None:
    """The name that a misspelt one probably means; None if none is like it.

    >>> nearest("lable", ["id", "label", "image"]), nearest("price", ["id", "label"])
    ('label', None)
    """
    lower = {one.lower(): one for one in reversed(list(names))}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.7)
    return lower[close[0]] if close else None


def did_you_mean(name: str, names: Collection[str]) -> str:
    """The end of a message that lists the names that exist: "; did you mean 'label'?", or ""."""
    meant = nearest(name, names)
    return "" if meant is None else f"; did you mean {meant!r}?"
