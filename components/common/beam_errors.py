"""Extracts the user's error message from the exception that Beam raises for a worker."""

import re

from relation.core import errors

_STEP = " [while running"
"""Beam appends the step's name to a message."""
_PATTERN = re.compile(
    r"(?:^|\s|\.)(?P<type>DataError|RecipeError|UserError): "
    # A word is looked at from its start alone, so that a long one takes linear time.
    r"(?P<text>(?:(?!(?<!\w)\w+Error: ).)*?)" + re.escape(_STEP),
    re.DOTALL,
)


def user_error(error: BaseException) -> errors.UserError | None:
    """The UserError that a worker raised behind an exception of Beam; None if there is none.

    Some runners raise the worker's exception again, others one with its traceback as text.
    """
    if isinstance(error, errors.UserError):
        return type(error)(str(error).partition(_STEP)[0])
    matches = list(_PATTERN.finditer(str(error)))
    if not matches:
        return None
    outermost = matches[-1]
    kind: type[errors.UserError] = getattr(errors, outermost["type"])
    return kind(outermost["text"])
