"""Remove the outputs of runs and tools, not the environment: `python3 -m scripts.clean`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFTOVERS = (
    *("build", "dist", "relata.egg-info", ".coverage", ".hypothesis"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache"),
)
KEPT = {".git", ".venv", ".tools"}


def runs_folder(root: Path, named: str) -> Path | None:
    """Return the folder of the runs if it is inside the project, else None."""
    folder = (root / (named or "runs")).resolve()
    return folder if root.resolve() in folder.parents else None


def clean(root: Path, runs: str) -> None:
    """Remove the leftovers below `root`; `runs` is the value of RELATA_RUNS."""
    folder = runs_folder(root, runs)
    for path in [root / name for name in LEFTOVERS] + ([folder] if folder else []):
        remove(path)
    for top in root.iterdir():
        if top.is_dir() and top.name not in KEPT:
            for cache in [top, *top.rglob("__pycache__")]:
                if cache.name == "__pycache__":
                    remove(cache)


def remove(path: Path) -> None:
    """Remove a file, link or folder, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()


if __name__ == "__main__":
    clean(ROOT, os.environ.get("RELATA_RUNS", ""))
