"""The cause of a failed run in one sentence."""

import re

from relation.core.errors import UserError

_BEAM_SUFFIX = re.compile(r"\s*\[while running '[^\]]*'\]\s*$")
_USER_ERROR = re.compile(r"^(?:\w+\.)*(?:UserError|DataError|RecipeError): (.*)")


def root_cause(error: BaseException) -> str:
    """The user's error at the root of an exception, else its innermost cause with its type.

    Beam re-raises what a worker raised with " [while running 'step']" appended to the message, and
    runners wrap that again; both are peeled off.
    """
    chain = [error]
    while (inner := _inner(chain[-1])) is not None and inner not in chain:
        chain.append(inner)
    for link in chain:
        if isinstance(link, UserError):
            return _peeled(str(link))
    innermost = chain[-1]
    text = _peeled(str(innermost)).strip().splitlines()
    if text and (named := _USER_ERROR.match(text[-1])):
        return named.group(1)
    if text and text[0].startswith("Traceback "):
        return text[-1]
    return f"{type(innermost).__name__}: {text[0] if text else 'no message'}"


def _inner(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _peeled(message: str) -> str:
    while _BEAM_SUFFIX.search(message):
        message = _BEAM_SUFFIX.sub("", message)
    return message
