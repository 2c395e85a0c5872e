"""Choose the stack that this machine can run, and its Python.

Pure functions of the machine's properties, so that tests cover other machines. They use only the
standard library of Python 3.8, because they run before there is an environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence, Tuple

Version = Tuple[int, ...]


class CannotRun(Exception):
    """The machine lacks something; the message says what to install."""


@dataclass(frozen=True)
class Stack:
    """A set of libraries, named as its extra in pyproject.toml (`stack-<name>`)."""

    name: str
    title: str
    glibc: Version  # its native wheels need at least this one
    pythons: tuple[Version, ...]  # best first


# Newest first. Distributions with a new enough glibc ship Python 3.12 and 3.13. tfx 1.16 declares
# Python 3.10 but runs on 3.11, which has newer libraries.
STACKS = (
    Stack("tfx121", "tfx 1.21", (2, 39), ((3, 13), (3, 12), (3, 11), (3, 10))),
    Stack("tfx116", "tfx 1.16", (2, 17), ((3, 11), (3, 10))),
)


@dataclass(frozen=True)
class Python:
    """An interpreter on the machine."""

    path: str
    version: Version
    has_headers: bool


def dotted(version: Version) -> str:
    """(3, 11) -> '3.11'."""
    return ".".join(map(str, version))


def choose_stack(glibc: Version, override: str = "") -> tuple[Stack, str]:
    """Return the newest stack that `glibc` can load, or the stack `override`, and the reason."""
    names = [stack.name for stack in STACKS]
    if override and override not in names:
        raise CannotRun(f"RELATA_STACK is {override!r}; it must be one of {', '.join(names)}")
    for stack in STACKS:
        if override and stack.name != override:
            continue
        if glibc >= stack.glibc:
            if override:
                return stack, f"RELATA_STACK={override}"
            if stack is STACKS[0]:
                return stack, f"glibc {dotted(glibc)} >= {dotted(stack.glibc)}"
            return (
                stack,
                f"glibc {dotted(glibc)} < {dotted(STACKS[0].glibc)}, which {STACKS[0].title} needs",
            )
    needed = min(stack.glibc for stack in STACKS if not override or stack.name == override)
    raise CannotRun(
        f"{override or 'every stack'} needs glibc >= {dotted(needed)}, "
        f"this machine has {dotted(glibc)}"
    )


def choose_python(stack: Stack, candidates: Sequence[Python]) -> Python | None:
    """Choose the interpreter; None if none fits.

    The first candidate, the machine's own `python3`, is preferred, then the best version of the
    stack. Interpreters without headers come last, because the stack compiles a small package.
    """
    fitting = [python for python in candidates if python.version[:2] in stack.pythons]

    def rank(python: Python) -> tuple[bool, bool, int]:
        return (
            not python.has_headers,
            python is not candidates[0],
            stack.pythons.index(python.version[:2]),
        )

    return min(fitting, key=rank, default=None)
