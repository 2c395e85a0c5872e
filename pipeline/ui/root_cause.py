"""Find the cause of a failed run, in one sentence."""

import re

from relation.core.errors import UserError
from relation.files.disk import full_disk, is_full

_BEAM_SUFFIX = "[while running '"
_USER_ERROR = re.compile(r"^(?:\w+\.)*(?:UserError|DataError|RecipeError): (.*)")


def root_cause(error: BaseException) -> str:
    """Return the message of the UserError in an exception chain, or else of its innermost cause.

    Beam appends " [while running 'step']" to messages of workers, and runners wrap the exception
    again. Both are removed.
    """
    chain = [error]
    while (inner := _inner(chain[-1])) is not None and inner not in chain:
        chain.append(inner)
    for link in chain:
        if isinstance(link, UserError):
            return _without_suffix(str(link))
    for link in chain:
        if is_full(link):
            return full_disk(link.filename if isinstance(link, OSError) else None)
    innermost = chain[-1]
    text = _without_suffix(str(innermost)).strip().splitlines()
    if text and (named := _USER_ERROR.match(text[-1])):
        return named.group(1)
    if text and text[0].startswith("Traceback "):
        return text[-1]
    return f"{type(innermost).__name__}: {text[0] if text else 'no message'}"


def _inner(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _without_suffix(message: str) -> str:
    while True:
        text, suffix, step = message.rstrip().rpartition(_BEAM_SUFFIX)
        if not suffix or not step.endswith("']") or "]" in step[:-1]:
            return message
        message = text.rstrip()
