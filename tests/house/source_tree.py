"""The product's source tree as syntax: its modules, their imports, the arrows between rooms."""

import ast
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("relation", "components", "trainer_module", "pipeline", "demo_data")

Arrows = frozenset[tuple[str, str]]
"""(importer, imported)."""


@functools.cache
def modules(root: Path = ROOT) -> dict[str, Path]:
    """The modules of the product by dotted name; a package stands for its `__init__.py`."""
    found = {}
    for path in itertools.chain.from_iterable((root / name).rglob("*.py") for name in PACKAGES):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return dict(sorted(found.items()))


@functools.cache
def syntax(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(path.read_text(), str(path))


def _imported(tree: ast.Module) -> Iterator[str]:
    """Dotted names after `import` and `from`, in functions too; of what, as far as one can tell."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def import_arrows(root: Path = ROOT) -> Arrows:
    """Arrows between modules of the product."""
    names = modules(root)
    return frozenset(
        (importer, target)
        for importer, path in names.items()
        for name in _imported(syntax(path))
        if (target := _module_of(name, names)) and target != importer
    )


def _module_of(name: str, names: Mapping[str, Path]) -> str | None:
    """The longest prefix of a dotted name that is a module."""
    while name and name not in names:
        name = name.rpartition(".")[0]
    return name or None


def is_inside(module: str, package: str) -> bool:
    """Whether a module is a package, or in it."""
    return module == package or module.startswith(f"{package}.")


def room_arrows(arrows: Arrows, package: str) -> Arrows:
    """Arrows between the rooms of a package: its sub-packages, and the modules at its top.

    What a sub-package holds, at any depth, counts as that one room. The package's own
    `__init__.py` is not a room.
    """
    depth = package.count(".") + 2

    def room(module: str) -> str:
        return ".".join(module.split(".")[:depth])

    return frozenset(
        (room(importer), room(target))
        for importer, target in arrows
        if importer.startswith(f"{package}.") and target.startswith(f"{package}.")
        if room(importer) != room(target)
    )


def circle(arrows: Iterable[tuple[str, str]]) -> list[str]:
    """A circle of imports, its first name repeated at the end; empty: there is none."""
    graph: dict[str, set[str]] = {}
    for importer, target in arrows:
        graph.setdefault(importer, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1][::-1]
    return []


def floors(arrows: Arrows) -> list[str]:
    """The longest chain of imports, from the top down; the arrows have no circle."""
    targets: dict[str, set[str]] = {}
    for importer, target in arrows:
        targets.setdefault(importer, set()).add(target)

    @functools.cache
    def chain(name: str) -> tuple[str, ...]:
        return (name, *max(map(chain, sorted(targets.get(name, ()))), key=len, default=()))

    return list(max(map(chain, sorted(targets)), key=len, default=()))
