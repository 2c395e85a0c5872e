"""Writes the reference: `python -m pipeline.reference [--output FOLDER]`; plug-ins are in it."""

import argparse
from pathlib import Path

from relation.core.terminal import quiet_imports

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m pipeline.reference", description=__doc__)
    parser.add_argument("--output", type=Path, default=DOCS, help="folder of the pages")
    output: Path = parser.parse_args().output
    with quiet_imports():
        from pipeline.reference.pages import pages
    output.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (output / name).write_text(text, encoding="utf-8")
