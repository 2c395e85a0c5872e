"""Draws the pictures of the documentation: `python -m docs.figures`."""

from pathlib import Path

from docs.figures import architecture, concepts

FOLDER = Path(__file__).resolve().parents[1]
FIGURES = {"architecture.svg": architecture.draw, "concepts.svg": concepts.draw}

if __name__ == "__main__":
    for name, draw in FIGURES.items():
        draw().save(FOLDER / name)
