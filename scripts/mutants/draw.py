"""Draw mutants by a seed: a line by a hash of the seed and its text, then one of its edits."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.mutants.edits import Edit, edits_of
from scripts.mutants.reach import function_at


@dataclass(frozen=True)
class Mutant:
    """A module's path from the root, with one line edited."""

    path: str
    edit: Edit
    before: str
    after: str
    source: str
    """The whole edited module."""
    function: str
    """The function that holds the line, as `reach` names it; "" for none."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the mutant while other lines change."""
        return self.path, self.before, self.after

    @property
    def name(self) -> str:
        """One line for people."""
        return f"{self.path}:{self.edit.line} ({self.edit.kind}): `{self.before}` -> `{self.after}`"


def draw(root: Path, paths: Iterable[str], seed: int, count: int) -> list[Mutant]:
    """Draw at most one mutant a line, `count` in all or as many as there are lines.

    A line's rank depends on the seed, its file, its text and how often that text came before in the
    file. So a change elsewhere leaves the draw as it was.
    """
    ranked: list[tuple[bytes, str, int]] = []
    edits: dict[tuple[str, int], list[Edit]] = {}
    sources: dict[str, list[str]] = {}
    for path in sorted(paths):
        text = (root / path).read_text()
        sources[path] = text.splitlines()
        for edit in edits_of(text):
            edits.setdefault((path, edit.line), []).append(edit)
        seen: Counter[str] = Counter()
        for number, line in enumerate(sources[path], 1):
            if (path, number) in edits:
                ranked.append((_hash(seed, path, line.strip(), seen[line.strip()]), path, number))
                seen[line.strip()] += 1
    mutants: list[Mutant] = []
    for rank, path, number in sorted(ranked):
        if len(mutants) == count:
            break
        mutant = _first_that_compiles(path, sources[path], edits[path, number], rank)
        if mutant:
            mutants.append(mutant)
    return mutants


def _hash(*parts: object) -> bytes:
    return hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()


def _first_that_compiles(
    path: str, lines: list[str], edits: list[Edit], rank: bytes
) -> Mutant | None:
    """The edit of a line with the least hash whose module compiles and is another module."""
    original = ast.dump(ast.parse("\n".join(lines)))
    for edit in sorted(edits, key=lambda edit: _hash(rank, edit.kind, edit.text, edit.start)):
        edited = edit.apply(lines)
        source = "\n".join([*lines[: edit.line - 1], edited, *lines[edit.line :]]) + "\n"
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        if ast.dump(tree) != original:
            function = function_at(path, "\n".join(lines), edit.line)
            return Mutant(
                path, edit, lines[edit.line - 1].strip(), edited.strip(), source, function
            )
    return None
