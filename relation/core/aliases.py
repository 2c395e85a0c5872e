"""Dotted paths that recipes still name as they were called earlier."""

import functools
import importlib.util
import sys

_GENERATORS = (
    "catalogue.links",
    "catalogue.products",
    "digits",
    "offers",
    "retail.items",
    "retail.purchases",
    "retail.users",
    "scenes",
    "search.documents",
    "search.queries",
    "sketches.drawings",
    "sketches.links",
    "sketches.pairs",
    "sketches.photographs",
    "wine",
)
MOVED = {f"datasets.{name}": f"demo_data.{name}" for name in _GENERATORS}
"""Modules that moved: earlier path -> path. (Hugging Face has a package `datasets`.)"""


def current_path(path: str) -> str:
    """Replaces the earlier path of a module that moved, or of something in it, with a warning.

    A module that can be imported by that path, for example one of the user's, stays.
    """
    module = path if path in MOVED else path.rpartition(".")[0]
    if module not in MOVED or _importable(module):
        return path
    current = MOVED[module] + path.removeprefix(module)
    _warn(path, current)
    return current


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # Of a package above it.
        return False


@functools.cache
def _warn(path: str, current: str) -> None:
    """Prints the warning, once a process."""
    print(f"Warning: {path} is called {current} now; change the recipe", file=sys.stderr)
