"""The picture of a run is of what a run prints today."""

import html
import re

from docs.figures.run import WIDTH, draw, lines
from pipeline.recipe_check import checked_recipe
from tests.docs.pages import DOCS
from tests.e2e.helpers import NODES

PICTURE = (DOCS / "run.svg").read_text(encoding="utf-8")


def shown(svg: str) -> list[str]:
    """The texts of a picture, line by line."""
    rows: dict[str, str] = {}
    for height, text in re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        rows[height] = rows.get(height, "") + html.unescape(text).replace("\xa0", " ").strip("\n")
    return list(rows.values())


def test_a_picture_has_the_lines_that_were_printed_and_cuts_long_ones() -> None:
    output = (
        "digits: Digits\n  Trainer  done  27.4 s  best\n  log  " + "x" * WIDTH + "\n\nBLESSED: all"
    )
    texts = [text.rstrip() for text in shown(draw(output)) if text.strip()]
    long = "  log  " + "x" * (WIDTH - 8) + "…"
    assert texts[-5:] == [
        "$ make run",
        "digits: Digits",
        "  Trainer  done  27.4 s  best",
        long,
        "BLESSED: all",
    ]


def test_words_have_their_styles() -> None:
    [_, node, gate, verdict] = lines("  Pusher  done  0.1 s\n  auc  passed\nBLESSED: all")
    assert [(span.start, span.end, span.style) for span in node.spans] == [(10, 14, "green")]
    assert [(span.start, span.end, span.style) for span in gate.spans] == [(7, 13, "green")]
    assert [(span.start, span.end, span.style) for span in verdict.spans] == [(0, 7, "bold green")]


def test_the_picture_of_the_readme_shows_the_default_recipe_and_its_command() -> None:
    texts = shown(PICTURE)
    recipe = checked_recipe("digits_triplets").recipe
    assert any(text.startswith(f"digits_triplets: {recipe.description[:40]}") for text in texts)
    nodes = [words[0] for words in map(str.split, texts) if words[1:2] == ["done"]]
    assert sorted(nodes) == sorted(NODES)
    assert any(text.startswith("  try it   .venv/bin/python -m pipeline.score ") for text in texts)
