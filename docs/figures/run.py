"""Draws docs/run.svg, what `make run` prints: `make run | python -m docs.figures.run`."""

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).resolve().parents[1] / "run.svg"
WIDTH = 95
"""Characters of a line; longer ones are cut."""
STYLES = (
    (r"^\$ .*$", "bold"),
    (r"^ +gate .*$", "bold"),
    (r"^ +epoch .*$", "dim"),
    (r"^  \w+ +(done)\b", "green"),
    (r"  (passed)\b", "green"),
    (r"^(BLESSED)\b", "bold green"),
)
"""Styles by pattern: of its group, or of the whole match."""


def lines(output: str) -> list[Text]:
    """The lines of the terminal, styled, from the command to the verdict.

    >>> [line.plain for line in lines("digits: Digits\\n")]
    ['$ make run', 'digits: Digits']
    """
    return [_styled(line) for line in ["$ make run", *output.rstrip().splitlines()]]


def _styled(line: str) -> Text:
    text = Text(line)
    for pattern, style in STYLES:
        for match in re.finditer(pattern, line):
            text.stylize(style, *match.span(match.lastindex or 0))
    text.truncate(WIDTH, overflow="ellipsis")
    return text


def draw(output: str) -> str:
    """The picture of what a run prints, as SVG."""
    console = Console(width=WIDTH, record=True, file=io.StringIO())
    for line in lines(output):
        console.print(line, no_wrap=True, highlight=False)
    return console.export_svg(title="make run", unique_id="run")


if __name__ == "__main__":
    PICTURE.write_text(draw(sys.stdin.read()), encoding="utf-8")
