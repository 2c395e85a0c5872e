"""Which functions of the project a test enters, noted while it runs."""

from __future__ import annotations

import ast
import builtins
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

_MARK = "__entered__"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def note_functions(folder: Path) -> set[str]:
    """Let each function of a folder's modules add its name to the returned set when it is entered.

    Call it before the modules are imported. They are compiled to files of their own, which other
    processes do not read. Functions that TensorFlow rewrites from their source note nothing.
    """
    entered: set[str] = set()
    setattr(builtins, _MARK, entered.add)
    sys.pycache_prefix = str(folder / ".noted")
    plain = SourceFileLoader.source_to_code

    def noted(self: SourceFileLoader, data: Any, path: Any, **options: Any) -> CodeType:
        file = Path(path)
        if not file.is_relative_to(folder):
            return plain(self, data, path, **options)
        tree = ast.parse(data)
        for name, function in _functions(tree, f"{file.relative_to(folder).as_posix()}:"):
            # Beam pickles some functions for other processes, where nobody notes anything.
            noted_by = f'getattr(__import__("builtins"), "{_MARK}", len)'
            call = ast.parse(f"{noted_by}({name!r})").body[0]
            for node in ast.walk(call):
                ast.copy_location(node, function.body[0])
            function.body.insert(int(ast.get_docstring(function, clean=False) is not None), call)
        return compile(tree, path, "exec", dont_inherit=True)

    SourceFileLoader.source_to_code = noted  # type: ignore[method-assign, assignment]
    return entered


def function_at(path: str, source: str, line: int) -> str:
    """The name under which the function that holds a line of a module is noted, "" for none."""
    holding = [
        name
        for name, function in _functions(ast.parse(source), f"{path}:")
        if function.body[0].lineno <= line <= (function.end_lineno or 0)
    ]
    return max(holding, key=len, default="")


def _functions(node: ast.AST, prefix: str) -> list[tuple[str, _Function]]:
    """All functions below a node, with the names of what encloses them."""
    functions: list[tuple[str, _Function]] = []
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, _Function | ast.ClassDef):
            inner = f"{prefix}{child.name}."
        if isinstance(child, _Function):
            functions.append((f"{prefix}{child.name}", child))
        functions += _functions(child, inner)
    return functions
