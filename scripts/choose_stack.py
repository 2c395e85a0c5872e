"""Which of the two stacks this machine can run, and with which Python.

Pure functions of what the machine has, so that they can be tested for machines we do not have.
Only the standard library of Python 3.8, because it runs before there is an environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence, Tuple

Version = Tuple[int, ...]


class CannotRun(Exception):
    """The machine lacks something; the message says what, and what to do."""


@dataclass(frozen=True)
class Stack:
    """A set of libraries, named as its extra in pyproject.toml (`stack-<name>`)."""

    name: str
    title: str
    glibc: Version  # its native wheels need at least this one
    pythons: tuple[Version, ...]  # best first


# Newest first. 3.12 and 3.13 are what the distributions with a new enough glibc carry; tfx 1.16
# declares itself for 3.10 but runs on 3.11, where the libraries around it are newer.
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
    """The newest stack that `glibc` can load, or the one named by `override`; and why."""
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
    """The interpreter to use, or None if none fits.

    `candidates` come with the machine's own `python3` first, and it is taken when it fits; then the
    version that the stack likes best. One without headers (the stack compiles a small package) is
    taken only if no other fits.
    """
    fitting = [python for python in candidates if python.version[:2] in stack.pythons]

    def rank(python: Python) -> tuple[bool, bool, int]:
        return (
            not python.has_headers,
            python is not candidates[0],
            stack.pythons.index(python.version[:2]),
        )

    return min(fitting, key=rank, default=None)
