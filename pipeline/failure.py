"""The cause of a failed run in one sentence."""

import re

from relation.errors import UserError

_BEAM_SUFFIX = re.compile(r"\s*\[while running '[^\]]*'\]\s*$")


def cause_of(error: BaseException) -> str:
    """The user's error at the root of an exception, else its innermost cause with its type.

    Beam re-raises what a worker raised with " [while running 'step']" appended to the message, and
    runners wrap that again; both are peeled off.
    """
    chain = [error]
    while (
        inner := chain[-1].__cause__ or chain[-1].__context__
    ) is not None and inner not in chain:
        chain.append(inner)
    for link in chain:
        if isinstance(link, UserError):
            return _peeled(str(link))
    innermost = chain[-1]
    text = _peeled(str(innermost)).strip().splitlines()
    named = (
        re.match(r"^(?:\w+\.)*(?:UserError|DataError|RecipeError): (.*)", text[-1])
        if text
        else None
    )
    if named:
        return named.group(1)
    return f"{type(innermost).__name__}: {text[0] if text else 'no message'}"


def _peeled(message: str) -> str:
    while _BEAM_SUFFIX.search(message):
        message = _BEAM_SUFFIX.sub("", message)
    return message
