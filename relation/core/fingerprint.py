"""Fingerprints of the source code that a component runs: the cache must know of an edit."""

import ast
import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from relation.core.plugins import load_plugins, module_content

PACKAGES = ("relation", "components", "trainer_module")
_ROOT = Path(__file__).resolve().parents[2]
_DOTTED = re.compile(r"(?:{})(?:\.\w+)+".format("|".join(PACKAGES)))


def code_fingerprint(*modules: str) -> str:
    """Hashes the sources of modules and of all that they import from this project.

    A plug-in counts if all that it imports from this project does, since it is registered there.

    Args:
      modules: dotted paths, for example "components.relation_gen.executor".

    Returns:
      16 hexadecimal digits; they change exactly when one of those files does.

    Raises:
      UserError: a plug-in cannot be imported, or is in no file.
    """
    digest = hashlib.sha256()
    closure = _closure(modules)
    sources = {name: path.read_bytes() for name, path in closure.items()}
    for plugin in load_plugins():
        content = module_content(plugin.__name__)
        if {name for name in _imports(content) if _source(name) is not None} <= set(closure):
            sources[plugin.__name__] = content
    for name, content in sorted(sources.items()):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:16]


def content_fingerprint(content: bytes) -> str:
    """16 hexadecimal digits that identify a file's content."""
    return hashlib.sha256(content).hexdigest()[:16]


def _closure(modules: tuple[str, ...]) -> dict[str, Path]:
    closure: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _source(name)
        if path is None or name in closure:
            continue
        closure[name] = path
        waiting.extend(_imports(path.read_bytes()))
        if "." in name:
            waiting.append(name.rpartition(".")[0])
    return closure


def _source(name: str) -> Path | None:
    """The file of a module of this project; None for others, and for names that are not modules.

    Looked up as a file, because Python's own look-up imports parent packages, and TensorFlow with
    them.
    """
    package, *rest = name.split(".")
    if package not in PACKAGES:
        return None
    place = _ROOT.joinpath(package, *rest)
    for path in (place / "__init__.py", place.with_suffix(".py")):
        if path.is_file():
            return path
    return None  # An attribute: `from relation.names import ID`.


@functools.cache
def _imports(content: bytes) -> tuple[str, ...]:
    """Dotted paths that a module may import; nothing for a module without source, as one in C.

    Cached by content, as a pipeline asks for most modules a dozen times.
    """
    try:
        return tuple(_imported(ast.parse(content)))
    except (SyntaxError, ValueError):
        return ()


def _imported(tree: ast.Module) -> Iterator[str]:
    """Dotted paths in import statements and in strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and (dotted := _DOTTED.fullmatch(str(node.value))):
            # Registries and TFX name modules, functions and classes by dotted paths in strings.
            yield dotted.group()
            yield dotted.group().rpartition(".")[0]
