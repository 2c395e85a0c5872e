"""Plug-ins: modules outside this project that register sources, losses and other parts.

A process finds them by entry points of the group `relata.plugins`, and by `RELATA_PLUGINS`: names
of modules and paths of files, separated by commas. Beam's workers and the nodes of an orchestrator
inherit the variable; an installed distribution with entry points needs none.
"""

import functools
import importlib
import importlib.util
import os
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from relation.core.errors import UserError, named

VARIABLE, GROUP = "RELATA_PLUGINS", "relata.plugins"


def load_plugins() -> tuple[ModuleType, ...]:
    """Imports every plug-in, once per process, which registers its parts.

    Raises:
      UserError: a plug-in cannot be imported.
    """
    return _load(os.environ.get(VARIABLE, ""))


def imported(dotted: str) -> Any:
    """Imports what a dotted path names, in this project, a library or a plug-in.

    Raises:
      ImportError, AttributeError, ValueError: it does not exist.
    """
    load_plugins()
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def module_content(name: str) -> bytes:
    """The content of the file that a module is imported from, in a folder or an archive.

    Raises:
      UserError: there is no such module, or it is in no file, so that an edit could not be seen.
    """
    try:
        spec = importlib.util.find_spec(name) if name not in ("", "__main__") else None
    except (Exception, SystemExit) as error:  # Of a package above it, which may raise anything.
        raise UserError(f"module {name!r} cannot be imported: {named(error)}") from None
    if spec is None:
        raise UserError(f"there is no module {name!r}; expected one that can be imported")
    try:
        content: bytes = spec.loader.get_data(spec.origin)  # type: ignore[union-attr]
    except (AttributeError, OSError, TypeError):
        raise UserError(
            f"module {name!r} is in no file, so an edit could not be seen; expected a .py file"
        ) from None
    return content


@functools.cache
def _load(variable: str) -> tuple[ModuleType, ...]:
    installed = [entry.value for entry in metadata.entry_points(group=GROUP)]
    named = [name.strip() for name in variable.split(",") if name.strip()]
    return tuple(_import(name) for name in dict.fromkeys([*sorted(installed), *named]))


def _import(name: str) -> ModuleType:
    try:
        return _import_file(Path(name)) if name.endswith(".py") else importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise UserError(f"plug-in {name!r} cannot be imported: {named(error)}") from error


def _import_file(path: Path) -> ModuleType:
    """Imports a file under its own name, so that what it defines can be pickled by reference."""
    path = path.expanduser().resolve()
    loaded = sys.modules.get(path.stem)
    if loaded is not None:
        if getattr(loaded, "__file__", None) != str(path):
            raise ImportError(
                f"another module is already imported as {path.stem!r}: rename the file"
            )
        return loaded
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ImportError(f"there is no file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module
