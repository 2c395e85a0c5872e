"""Finds the user's sentence in what Beam makes of an exception that a worker raised."""

import re

from relation import errors

_PATTERN = re.compile(
    r"(?:^|\s|\.)(?P<type>DataError|RecipeError|UserError): (?P<text>.*?) \[while running",
    re.DOTALL,
)


def user_error(error: BaseException) -> errors.UserError | None:
    """The UserError behind an exception of a Beam pipeline; None if there is none.

    Runners pass on a worker's exception as text: `… DataError: sentence [while running 'step']`.
    """
    found = None
    for match in _PATTERN.finditer(str(error)):
        found = match  # The last is the outermost, whatever it was raised from.
    if found:
        kind: type[errors.UserError] = getattr(errors, found["type"])
        return kind(found["text"])
    return error if isinstance(error, errors.UserError) else None
