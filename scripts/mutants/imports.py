"""How many imports lie between a test file and a module."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

FAR = 99
"""The distance of a module that is not reached by import."""


@functools.lru_cache(maxsize=None)
def _imported(file: Path, root: Path) -> frozenset[str]:
    """Paths, from the root, of the project's modules that a file imports, in functions too."""
    paths: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            path = name.replace(".", "/")
            paths.update(f for f in (f"{path}.py", f"{path}/__init__.py") if (root / f).is_file())
    return frozenset(paths)


def _conftests(root: Path, test: str) -> Iterator[str]:
    for folder in (root / test).parents:
        if (folder / "conftest.py").is_file() and root in (folder, *folder.parents):
            yield (folder / "conftest.py").relative_to(root).as_posix()


@functools.lru_cache(maxsize=None)
def _distances(root: Path, test: str) -> dict[str, int]:
    """Each reached module with the fewest imports on the way; conftests count as the test file."""
    front = {test, *_conftests(root, test)}
    distances = dict.fromkeys(front, 0)
    for distance in range(1, FAR):
        front = {path for file in front for path in _imported(root / file, root)} - set(distances)
        if not front:
            break
        distances.update(dict.fromkeys(front, distance))
    return distances


def distance(root: Path, test: str, module: str) -> int:
    """Imports from a test file to a module: 1 if it imports it itself, `FAR` if it never does.

    Sources and parts that are found by name are not imports, so a test that never imports a module
    may still execute it.
    """
    return _distances(root, test).get(module, FAR)
