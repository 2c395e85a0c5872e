"""The errors that are meant for the user: their text is a sentence that says what to fix."""

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
