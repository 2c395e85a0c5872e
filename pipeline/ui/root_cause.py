"""Find the cause of a failed run, in one sentence."""

import errno
import os
import re

from relation.core.errors import UserError

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NO_SPACE_TEXT = os.strerror(errno.ENOSPC)
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
        if full := disk_full(link):
            return full
    innermost = chain[-1]
    text = _without_suffix(str(innermost)).strip().splitlines()
    if text and (named := _USER_ERROR.match(text[-1])):
        return named.group(1)
    if text and text[0].startswith("Traceback "):
        return text[-1]
    return f"{type(innermost).__name__}: {text[0] if text else 'no message'}"


def disk_full(error: BaseException) -> str | None:
    """Say that the disk is full, if this is what an error reports; otherwise return None.

    TensorFlow and Beam workers report it in the text of an exception of their own.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number not in _NO_SPACE and _NO_SPACE_TEXT not in str(error):
        return None
    path = error.filename if isinstance(error, OSError) else None
    return (
        f"no space is left on the disk{f' for {path}' if path else ''}; free some space, or set "
        "RELATA_RUNS to a folder on another disk"
    )


def _inner(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _without_suffix(message: str) -> str:
    while True:
        text, suffix, step = message.rstrip().rpartition(_BEAM_SUFFIX)
        if not suffix or not step.endswith("']") or "]" in step[:-1]:
            return message
        message = text.rstrip()
