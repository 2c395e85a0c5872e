"""The table of mutants by part, and the names of those that no test killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

KILLED, TIMED_OUT, EQUIVALENT, SURVIVED = "killed", "timed out", "equivalent", "survived"
EQUIVALENTS = Path(__file__).with_name("equivalents.yaml")


@dataclass
class Result:
    """What became of a mutant: `tests` were run, and `failed` is the test that noticed."""

    part: str
    path: str
    line: int
    before: str
    after: str
    kind: str
    outcome: str
    tests: list[str]
    seconds: float = 0.0
    failed: str = ""
    reason: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """As `Mutant.key`."""
        return self.path, self.before, self.after

    def as_row(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def equivalents(file: Path = EQUIVALENTS) -> dict[tuple[str, str, str], str]:
    """Mutants that compute the same as the code, with the reason, by file, line and edited line."""
    entries = yaml.safe_load(file.read_text()) or [] if file.exists() else []
    return {(entry["file"], entry["line"], entry["mutant"]): entry["reason"] for entry in entries}


def table(results: Iterable[Result]) -> str:
    """Markdown: a row a part, the sum, then the names of all mutants but the killed."""
    results = list(results)
    parts = list(dict.fromkeys(result.part for result in results))
    rows = ["| part | mutants | killed | timed out | equivalent | survived | noticed |"]
    rows += ["|---|---|---|---|---|---|---|"]
    for part in parts:
        rows.append(_row(part, [result for result in results if result.part == part]))
    rows.append(_row("**all**", results))
    for outcome in (SURVIVED, TIMED_OUT, EQUIVALENT):
        named = [result for result in results if result.outcome == outcome]
        if named:
            rows += ["", f"{outcome.capitalize()}:", ""]
            rows += [_line(result) for result in named]
    return "\n".join(rows) + "\n"


def _row(name: str, results: list[Result]) -> str:
    counts = Counter(result.outcome for result in results)
    noticed, real = counts[KILLED] + counts[TIMED_OUT], len(results) - counts[EQUIVALENT]
    share = f"{100 * noticed / real:.1f} %" if real else "-"
    cells = [counts[outcome] for outcome in (KILLED, TIMED_OUT, EQUIVALENT, SURVIVED)]
    return f"| {name} | {len(results)} | {' | '.join(map(str, cells))} | {share} |"


def _line(result: Result) -> str:
    reason = f": {result.reason}" if result.reason else ""
    place = f"`{result.path}:{result.line}`"
    return f"- {result.part}: {place} `{result.before}` → `{result.after}`{reason}"
