"""Writes the reference: `python -m pipeline.reference [--output FOLDER]`; plug-ins are in it."""

import argparse
import sys
from pathlib import Path

from relation.core.errors import UserError
from relation.core.terminal import quiet_imports

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m pipeline.reference", description=__doc__)
    parser.add_argument("--output", type=Path, default=DOCS, help="folder of the pages")
    output: Path = parser.parse_args().output
    try:
        with quiet_imports():  # Components are imported when they are described.
            from pipeline.reference.pages import pages

            texts = pages()
    except UserError as error:
        sys.exit(f"error: {error}")
    output.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (output / name).write_text(text, encoding="utf-8")
