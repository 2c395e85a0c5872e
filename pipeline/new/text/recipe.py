"""A proposal as the text of a recipe: YAML, with a comment above each choice."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from pipeline.new.choice import Choice, Proposal, Tree

WIDTH = 100


def recipe_text(proposal: Proposal, origin: str) -> str:
    """Write the recipe.

    Args:
      proposal: its choices.
      origin: what was looked at, a sentence for the head of the file.
    """
    head = [
        *comment(origin),
        *comment(
            "Every key is described in docs/reference/recipe.md. Change what you know better, then "
            "`make run RECIPE=<this file>`."
        ),
    ]
    if proposal.doubts:
        head += ["#", "# Doubtful, so look at it before the first run:"]
        head += [line for doubt in proposal.doubts for line in comment(doubt, "- ")]
    blocks = ["\n".join(_lines({key: value}, 0)) for key, value in proposal.recipe.items()]
    first = blocks[:2]
    return "\n".join([*head, *first]) + "\n\n" + "\n\n".join(blocks[2:]) + "\n"


def comment(text: str, bullet: str = "", indent: int = 0) -> list[str]:
    """Wrap a text as comment lines; characters that would end a comment are written out.

    >>> comment("one" + chr(10) + "two", "- ")
    ['# - one\\\\ntwo']
    """
    start = " " * indent + "# "
    return textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=start + bullet,
        subsequent_indent=start + " " * len(bullet),
        break_long_words=False,
        break_on_hyphens=False,
    )


def printable(text: str) -> str:
    """A text on one line: what does not print is written as an escape."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def flow(value: Any) -> str:
    """A value as YAML on one line, quoted where it must be.

    >>> flow({"a": "no", "b": [1, 2.5], "c": "x: y"})
    "{a: 'no', b: [1, 2.5], c: 'x: y'}"
    """
    text = yaml.safe_dump(
        value,
        default_flow_style=True,
        allow_unicode=_printable(value),  # YAML reads a raw next-line character as a space.
        sort_keys=False,
        width=float("inf"),
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _printable(value: Any) -> bool:
    """Whether all texts of a value print as they are."""
    if isinstance(value, dict):
        return all(map(_printable, [*value, *value.values()]))
    if isinstance(value, list | tuple):
        return all(map(_printable, value))
    return not isinstance(value, str) or value.isprintable()


def _lines(tree: Tree, indent: int) -> Iterator[str]:
    margin = " " * indent
    for key, value in tree.items():
        shown = f"{margin}{flow(key)}:"
        if isinstance(value, Choice):
            yield from comment(value.why, indent=indent)
            if value.other:
                yield from comment(f"Else: {value.other}", indent=indent)
            if _nested(value.value):
                yield shown
                yield from _lines(value.value, indent + 2)
            else:
                yield from _valued(shown, value.value, indent)
        elif _nested(value):
            yield shown
            yield from _lines(value, indent + 2)
        else:
            yield f"{shown} {flow(value)}"


def _nested(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(one, Choice | dict) for one in value.values())


def _valued(shown: str, value: Any, indent: int) -> Sequence[str]:
    """One line, or a line a key where it would be too long."""
    line = f"{shown} {flow(value)}"
    if len(line) <= WIDTH or not isinstance(value, dict):
        return [line]
    return [shown, *(f"{' ' * (indent + 2)}{flow(k)}: {flow(v)}" for k, v in value.items())]
