"""Run the mutants of parts against their nearest tests."""

from __future__ import annotations

import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from scripts.mutants.draw import Mutant, draw
from scripts.mutants.imports import FAR, distance
from scripts.mutants.parts import Part, files
from scripts.mutants.report import EQUIVALENT, KILLED, SURVIVED, TIMED_OUT, Result
from scripts.mutants.trial import Copy, Outcome, run_tests

MOST_SECONDS = 60.0
"""CPU seconds after which no further test files are run on a mutant, and the seconds that the known
tests of the files of one process may take: the slowest are left out."""
LONGEST = 60.0
"""CPU seconds that tests may take beyond thrice what they took before."""
QUICK = 0.5
"""Tests run by their seconds in steps of this; within a step, by file."""
AT_ONCE = 6
"""Test files that run in one process."""


SECONDS = "seconds.json"
"""What each test took at most: the order of later runs."""


def _stored_seconds(out: Path) -> dict[str, float]:
    file = out / SECONDS
    return dict(json.loads(file.read_text())) if file.exists() else {}


def results_file(out: Path, seed: int, part: Part) -> Path:
    """Where the results of a part are kept, so that killed mutants are not run again."""
    return out / f"seed-{seed}" / f"{part.name.replace(' ', '_')}.json"


def stored_results(out: Path, seed: int, part: Part) -> list[Result]:
    """Results of an earlier run."""
    file = results_file(out, seed, part)
    return [Result(**row) for row in json.loads(file.read_text())] if file.exists() else []


@dataclass
class _Trials:
    """Runs of tests on one copy of the project, and what they showed so far."""

    copy: Copy
    logs: Path
    noticed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often a test noticed a mutant of a module."""
    sound: dict[str, bool] = field(default_factory=dict)
    """Whether a test that noticed passes on unbroken code; the first of its file stands for all."""
    seconds: dict[str, float] = field(default_factory=dict)
    """The most that each test took."""

    def nearest_first(self, module: str, part: Part) -> list[str]:
        """The files that the part names, then others by imports in between and size.

        Those that do not import the module on any way come last.
        """
        tests = files(self.copy.folder, part.tests, "test_*.py")
        first = set(tests) & set(part.tests)

        def order(test: str) -> tuple[int, ...]:
            named_first = tests.index(test) if test in first else len(tests)
            size = (self.copy.folder / test).stat().st_size
            steps = distance(self.copy.folder, test, module)
            return int(steps == FAR), named_first, steps, size

        return sorted(tests, key=order)

    def run(self, mutant: Mutant, tests: list[str]) -> Outcome:
        """Run test files on a mutant: tests that noticed one of its module before, then quick ones.

        Out of time is a run that takes thrice as long as unbroken.
        """
        longest = LONGEST + 3 * sum(
            seconds for test, seconds in self.seconds.items() if test.split("::")[0] in tests
        )
        rank = {test: seconds // QUICK for test, seconds in self.seconds.items()}
        rank |= {test: -1.0 for (module, test), _ in self.noticed.items() if module == mutant.path}
        spent = 0.0
        for test in sorted(rank, key=rank.__getitem__):
            if test.split("::")[0] in tests:
                spent += self.seconds.get(test, 0.0)
                if spent > MOST_SECONDS:
                    rank[test] = math.inf
        with self.copy.edited(mutant.path, mutant.source):
            outcome = run_tests(self.copy, tests, self.logs / "broken.log", longest, rank)
        if outcome.timed_out:
            outcome = self._longer(mutant, tests, rank, longest) or outcome
        for test, seconds in outcome.each.items():
            self.seconds[test] = max(seconds, self.seconds.get(test, 0.0))
        if outcome.passed or outcome.timed_out:
            return outcome
        if not self._is_sound(outcome.failed):
            others = [test for test in tests if test != outcome.failed.split("::")[0]]
            return self.run(mutant, others) if others else replace(outcome, passed=True)
        self.noticed[mutant.path, outcome.failed] += 1
        return outcome

    def _longer(
        self, mutant: Mutant, tests: list[str], rank: dict[str, float], longest: float
    ) -> Outcome | None:
        """Measure the tests on unbroken code; run the mutant once more if they are slow there."""
        unbroken = run_tests(self.copy, tests, self.logs / "unbroken.log", 10 * longest, rank)
        if 3 * unbroken.seconds <= longest:
            return None
        with self.copy.edited(mutant.path, mutant.source):
            log = self.logs / "broken.log"
            return run_tests(self.copy, tests, log, 3 * unbroken.seconds, rank)

    def _is_sound(self, failed: str) -> bool:
        """Whether the test that failed passes on unbroken code; asked once a file."""
        file = failed.split("::")[0]
        if not file or file in self.sound:
            return self.sound.get(file, True)
        outcome = run_tests(self.copy, [failed], self.logs / "unbroken.log", 10 * LONGEST)
        self.sound[file] = outcome.passed
        if not outcome.passed:
            print(f"{failed} fails on unbroken code, too: its file is left out", flush=True)
        return outcome.passed


def run_part(
    copy: Copy,
    part: Part,
    seed: int,
    count: int,
    out: Path,
    equivalents: dict[tuple[str, str, str], str],
    most_seconds: float = MOST_SECONDS,
) -> list[Result]:
    """Draw `count` mutants of a part and run each; say every result as it comes.

    Mutants that an earlier run of the seed killed are taken from its results.
    """
    modules = files(copy.folder, part.modules)
    earlier = {result.key: result for result in stored_results(out, seed, part)}
    trials = _Trials(copy, out / f"seed-{seed}" / "logs" / part.name)
    trials.seconds.update(_stored_seconds(out))
    trials.noticed.update((result.path, result.failed) for result in earlier.values())
    results: list[Result] = []
    for mutant in draw(copy.folder, modules, seed, count):
        result = earlier.get(mutant.key)
        if mutant.key in equivalents:
            result = _result(part, mutant, EQUIVALENT, [], reason=equivalents[mutant.key])
        elif result is None or result.outcome != KILLED:
            result = _try(part, mutant, trials, most_seconds)
            seconds = _stored_seconds(out) | trials.seconds
            (out / SECONDS).write_text(json.dumps(seconds))
        results.append(result)
        print(
            f"{part.name}: {result.outcome:10} {result.seconds:4.0f} s  {mutant.name}", flush=True
        )
        stored = results_file(out, seed, part)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_text(json.dumps([row.as_row() for row in results], indent=1))
    return results


def _try(part: Part, mutant: Mutant, trials: _Trials, most_seconds: float) -> Result:
    """Run test files, some of the nearest first, until one notices or `most_seconds` are spent."""
    run: list[str] = []
    spent = 0.0
    left = [
        test for test in trials.nearest_first(mutant.path, part) if trials.sound.get(test, True)
    ]
    while left and spent < most_seconds:
        tests, left = left[:AT_ONCE], left[AT_ONCE:]
        outcome = trials.run(mutant, tests)
        run, spent = run + tests, spent + outcome.seconds
        if not outcome.passed:
            kind = TIMED_OUT if outcome.timed_out else KILLED
            return _result(part, mutant, kind, run, spent, outcome.failed)
    return _result(part, mutant, SURVIVED, run, spent)


def _result(
    part: Part,
    mutant: Mutant,
    outcome: str,
    tests: Iterable[str],
    seconds: float = 0.0,
    failed: str = "",
    reason: str = "",
) -> Result:
    return Result(
        part=part.name,
        path=mutant.path,
        line=mutant.edit.line,
        before=mutant.before,
        after=mutant.after,
        kind=mutant.edit.kind,
        outcome=outcome,
        tests=list(tests),
        seconds=round(seconds, 1),
        failed=failed,
        reason=reason,
    )


def run_parts(
    root: Path,
    parts: Iterable[Part],
    seed: int,
    count: int,
    out: Path,
    equivalents: dict[tuple[str, str, str], str],
    most_seconds: float = MOST_SECONDS,
) -> list[Result]:
    """The mutants of several parts on one copy of the project, which is removed afterwards."""
    out = out.resolve()  # the tests run elsewhere
    with tempfile.TemporaryDirectory(prefix="mutants-copy-") as folder:
        copy = Copy(root, Path(folder))
        return [
            result
            for part in parts
            for result in run_part(copy, part, seed, count, out, equivalents, most_seconds)
        ]
