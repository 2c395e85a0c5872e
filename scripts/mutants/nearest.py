"""The nearest tests of a line: test files of its part that execute it, by imports in between."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from scripts.mutants.draw import Mutant
from scripts.mutants.imports import distance
from scripts.mutants.trial import Copy, run_tests

LONGEST = 600.0
"""CPU seconds that a test file may take unbroken, with its lines traced."""


@dataclass(frozen=True)
class Unbroken:
    """A run of a test file on unbroken code: its CPU seconds, and the lines that it executed."""

    passed: bool
    seconds: float
    lines: dict[str, set[int]]


def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()


def unbroken_run(copy: Copy, test: str, modules: list[str], out: Path) -> Unbroken:
    """Run a test file with tracing, or read what an earlier run left if nothing changed since."""
    stored = out / "unbroken" / f"{test}.json"
    digests = {name: _digest(copy.folder / name) for name in [test, *modules]}
    if stored.exists():
        entry = json.loads(stored.read_text())
        if all(entry["digests"].get(name, digest) == digest for name, digest in digests.items()):
            lines = {path: set(numbers) for path, numbers in entry["lines"].items()}
            return Unbroken(entry["passed"], entry["seconds"], lines)
    trace = out / "unbroken" / f"{test}.lines"
    outcome = run_tests(copy, [test], out / "unbroken" / f"{test}.log", LONGEST, trace)
    lines = {}
    for place in trace.read_text().splitlines() if trace.exists() else ():
        path, _, number = place.rpartition(":")
        lines.setdefault(path, set()).add(int(number))
    entry = {
        "passed": outcome.passed,
        "seconds": outcome.seconds,
        "digests": {name: _digest(copy.folder / name) for name in [test, *lines]},
        "lines": {path: sorted(numbers) for path, numbers in lines.items()},
    }
    stored.write_text(json.dumps(entry))
    trace.unlink(missing_ok=True)
    return Unbroken(outcome.passed, outcome.seconds, lines)


def by_distance(copy: Copy, module: str, tests: list[str]) -> list[list[str]]:
    """Test files in groups: importers of the module first, then importers of those, and so on."""
    groups: dict[int, list[str]] = {}
    for test in tests:
        groups.setdefault(distance(copy.folder, test, module), []).append(test)
    return [groups[steps] for steps in sorted(groups)]


def executes(copy: Copy, mutant: Mutant, run: Unbroken) -> bool:
    """Whether a test file passes on unbroken code, and executes the statement of a mutant."""
    statement = _statement_lines(copy.folder / mutant.path, mutant.edit.line)
    return run.passed and bool(statement & run.lines.get(mutant.path, set()))


@functools.lru_cache(maxsize=64)
def _statements(path: Path, _: str) -> list[ast.stmt]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.stmt)]


def _statement_lines(path: Path, line: int) -> set[int]:
    """The lines of the innermost statement around a line, without the block that it opens."""
    around = [
        node
        for node in _statements(path, _digest(path))
        if node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    inner = min(around, key=lambda node: (node.end_lineno or node.lineno) - node.lineno)
    body = getattr(inner, "body", None)
    end = body[0].lineno - 1 if body else inner.end_lineno or inner.lineno
    return {line, *range(inner.lineno, max(end, inner.lineno) + 1)}
