"""Finds the user's sentence in what Beam makes of an exception that a worker raised."""

import re

from relation.core import errors

_STEP = " [while running"
"""Beam appends the step's name to a message."""
_PATTERN = re.compile(
    r"(?:^|\s|\.)(?P<type>DataError|RecipeError|UserError): "
    r"(?P<text>(?:(?!\w+Error: ).)*?)" + re.escape(_STEP),
    re.DOTALL,
)


def user_error(error: BaseException) -> errors.UserError | None:
    """The UserError behind an exception of a Beam pipeline, as it was raised; None: there is none.

    Some runners raise the worker's exception again, others one that holds its traceback as text.
    """
    if isinstance(error, errors.UserError):
        return type(error)(str(error).partition(_STEP)[0])
    found = None
    for match in _PATTERN.finditer(str(error)):
        found = match  # The last is the outermost, whatever it was raised from.
    if found is None:
        return None
    kind: type[errors.UserError] = getattr(errors, found["type"])
    return kind(found["text"])
