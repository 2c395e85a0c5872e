"""Run the mutants of parts against their nearest tests."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from scripts.mutants.draw import Mutant, draw
from scripts.mutants.imports import distance
from scripts.mutants.parts import Part, files
from scripts.mutants.report import EQUIVALENT, KILLED, SURVIVED, TIMED_OUT, Result
from scripts.mutants.trial import Copy, Outcome, run_tests

MOST_SECONDS = 60.0
"""CPU seconds of tests that one mutant may cost; the nearest file always runs whole."""
LONGEST = 60.0
"""CPU seconds that a test file may take before its time on unbroken code is measured."""
QUICK = 10.0
"""CPU seconds of a test file that was not run yet, as far as the order goes."""


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
    """How often a test file noticed a mutant of a module, or of its folder."""
    sound: dict[str, bool] = field(default_factory=dict)
    """Whether the test of a file that noticed first passes on unbroken code."""
    seconds: dict[str, float] = field(default_factory=dict)
    """CPU seconds of test files that passed."""

    def nearest_first(self, module: str, part: Part) -> list[str]:
        """Order by imports in between; among equals, those that noticed before, then quick ones.

        Before all others are tests that noticed a mutant of the module, then those that the part
        names as files.
        """
        tests = files(self.copy.folder, part.tests, "test_*.py")
        first = set(tests) & set(part.tests)
        folder = module.rpartition("/")[0]

        def order(test: str) -> tuple[float, ...]:
            size = (self.copy.folder / test).stat().st_size
            before = self.noticed[module, test], self.noticed[folder, test]
            steps = distance(self.copy.folder, test, module)
            named_first = tests.index(test) if test in first else len(tests)
            return -before[0], named_first, steps, -before[1], self.seconds.get(test, QUICK), size

        return sorted(tests, key=order)

    def run(self, mutant: Mutant, test: str) -> Outcome:
        """Run a test file on a mutant. Out of time is what takes thrice as long as unbroken."""
        with self.copy.edited(mutant.path, mutant.source):
            outcome = run_tests(self.copy, [test], self.logs / "broken.log", LONGEST)
        if outcome.passed:
            self.seconds[test] = outcome.seconds
        elif outcome.timed_out:
            return self._again(mutant, test, outcome)
        elif not self._is_sound(test, outcome.failed):
            return replace(outcome, passed=True)
        if not outcome.passed:
            self.note(mutant.path, test)
        return outcome

    def note(self, module: str, test: str) -> None:
        """Remember that a test file noticed a mutant of a module."""
        self.noticed.update([(module, test), (module.rpartition("/")[0], test)])

    def _again(self, mutant: Mutant, test: str, outcome: Outcome) -> Outcome:
        """Run a mutant once more if its tests take long on unbroken code, too."""
        unbroken = run_tests(self.copy, [test], self.logs / "unbroken.log", 10 * LONGEST)
        if 3 * unbroken.seconds <= LONGEST:
            return outcome
        with self.copy.edited(mutant.path, mutant.source):
            return run_tests(self.copy, [test], self.logs / "broken.log", 3 * unbroken.seconds)

    def _is_sound(self, test: str, failed: str) -> bool:
        """Whether the test that failed passes on unbroken code; asked once a file."""
        if test not in self.sound:
            outcome = run_tests(self.copy, [failed or test], self.logs / "unbroken.log", LONGEST)
            self.sound[test] = outcome.passed
            if not outcome.passed:
                print(f"{failed or test} fails on unbroken code, too: it is left out", flush=True)
        return self.sound[test]


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
    for killed in [result for result in earlier.values() if result.outcome == KILLED]:
        trials.note(killed.path, killed.tests[-1])
    results: list[Result] = []
    for mutant in draw(copy.folder, modules, seed, count):
        result = earlier.get(mutant.key)
        if mutant.key in equivalents:
            result = _result(part, mutant, EQUIVALENT, [], reason=equivalents[mutant.key])
        elif result is None or result.outcome not in (KILLED, TIMED_OUT):
            result = _try(part, mutant, trials, most_seconds)
        results.append(result)
        print(
            f"{part.name}: {result.outcome:10} {result.seconds:4.0f} s  {mutant.name}", flush=True
        )
        stored = results_file(out, seed, part)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_text(json.dumps([row.as_row() for row in results], indent=1))
    return results


def _try(part: Part, mutant: Mutant, trials: _Trials, most_seconds: float) -> Result:
    """Run test files, the nearest first, until one notices or `most_seconds` are spent."""
    run: list[str] = []
    spent = 0.0
    for test in trials.nearest_first(mutant.path, part):
        if spent + trials.seconds.get(test, 0.0) > most_seconds and run:
            continue
        outcome = trials.run(mutant, test)
        run, spent = [*run, test], spent + outcome.seconds
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
