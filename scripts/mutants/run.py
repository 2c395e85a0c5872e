"""Run the mutants of parts against their nearest tests."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from scripts.mutants.draw import Mutant, draw
from scripts.mutants.imports import FAR, distance
from scripts.mutants.parts import QUICK_TESTS, Part, files
from scripts.mutants.report import EQUIVALENT, KILLED, SURVIVED, TIMED_OUT, Result
from scripts.mutants.trial import Copy, Outcome, run_tests

MOST_SECONDS = 60.0
"""CPU seconds that tests may take for a mutant: those that would take longer are left out."""
SLOWEST = 200.0
"""CPU seconds that a test may take on unbroken code."""
QUICK = 0.5
"""Tests run by their seconds in steps of this; within a step, by file."""
LATE = 1000.0
"""Added to the rank of a test that does not enter the broken function."""
UNKNOWN_FILE = 500.0
"""Rank of a file of which no test was run yet, and which does not import the module itself."""
DOCTEST = "tests/house/test_doctests.py::test_examples_in_docstrings[{}]"
"""The test that runs the examples of a module."""
AT_ONCE = 6
"""Test files that run in one process."""


LEARNT = "learnt.json"
"""What each test took, and which functions it entered: the order of later runs."""


def module_name(path: str) -> str:
    """The dotted name of a module."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


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
    """By file, whether the test that noticed last passes on unbroken code."""
    passed: set[str] = field(default_factory=set)
    """Tests that passed once, in this run or before, so that their failure means something."""
    seconds: dict[str, float] = field(default_factory=dict)
    """CPU seconds of each test when it passed last."""
    reached: dict[str, frozenset[str]] = field(default_factory=dict)
    """The functions that each test entered then."""

    def nearest_first(self, mutant: Mutant, part: Part) -> list[str]:
        """The module's own examples, then the part's test files and all that import the module.

        First come those that import the module, and those of which a test is known to enter the
        broken function, by the rank of that test. Then others: by whether no test enters it, by
        whether they import the module on any way, as the part names them, by imports and size.
        """
        tests = files(self.copy.folder, part.tests, "test_*.py")
        first = set(tests) & set(part.tests)
        everywhere = files(self.copy.folder, QUICK_TESTS, "test_*.py")
        importing = [t for t in everywhere if distance(self.copy.folder, t, mutant.path) == 1]
        tests = list(dict.fromkeys([*tests, *importing]))
        ranks: dict[str, float] = {}
        for test, rank in self.rank(mutant).items():
            if test in self.reached:
                file = test.split("::")[0]
                ranks[file] = min(rank, ranks.get(file, rank))

        def order(test: str) -> tuple[float, ...]:
            named_first = tests.index(test) if test in first else len(tests)
            size = (self.copy.folder / test).stat().st_size
            steps = distance(self.copy.folder, test, mutant.path)
            rank = ranks.get(test, UNKNOWN_FILE)
            if steps == 1:
                rank = min(rank, 0.0)
            return (rank if mutant.function else 0.0), int(steps == FAR), named_first, steps, size

        examples = [DOCTEST.format(module_name(mutant.path))] if ">>> " in mutant.source else []
        return examples + sorted(tests, key=order)

    def rank(self, mutant: Mutant) -> dict[str, float]:
        """The order of tests: those that noticed a mutant of the module, new ones, quick ones.

        A test that enters the broken function may take longer, but comes later the more other
        functions it enters; one that does not enter it comes late.
        """
        rank: dict[str, float] = {}
        for test, seconds in self.seconds.items():
            rank[test] = seconds // QUICK
            if mutant.function and test in self.reached:
                entered = self.reached[test]
                enters = mutant.function in entered
                rank[test] = rank[test] / 8 + len(entered) / 50 if enters else rank[test] + LATE
        noticed = (test for module, test in self.noticed if module == mutant.path)
        return rank | dict.fromkeys(noticed, -1.0)

    def run(self, mutant: Mutant, tests: list[str], budget: float) -> Outcome:
        """Run test files on a mutant.

        A test that is out of time was perhaps not measured yet, so it is measured on unbroken code.
        """
        rank = self.rank(mutant)
        with self.copy.edited(mutant.path, mutant.source):
            log = self.logs / "broken.log"
            outcome = run_tests(self.copy, tests, log, budget, self.seconds, rank)
        self._learn(outcome)
        if outcome.passed:
            return outcome
        known = self.seconds.get(outcome.failed, 0.0)
        if not self._is_sound(outcome.failed):
            file = outcome.failed.split("::")[0]
            others = [test for test in tests if test.split("::")[0] != file]
            return self.run(mutant, others, budget) if others else replace(outcome, passed=True)
        if outcome.timed_out and self.seconds.get(outcome.failed, 0.0) > known:
            return self.run(mutant, tests, budget)
        if not outcome.timed_out:
            self.noticed[mutant.path, outcome.failed] += 1
        return outcome

    def _learn(self, outcome: Outcome) -> None:
        self.passed.update(outcome.each)
        self.seconds.update(outcome.each)
        for test, functions in outcome.reached.items():
            self.reached[test] = frozenset(map(sys.intern, functions))

    def _is_sound(self, failed: str) -> bool:
        """Whether the test that failed passes on unbroken code; asked once a test."""
        file = failed.split("::")[0]
        if not file or self.sound.get(file) is False or failed in self.passed:
            return self.sound.get(file, True)
        outcome = run_tests(
            self.copy, [failed], self.logs / "unbroken.log", seconds={failed: SLOWEST}
        )
        self._learn(outcome)
        self.sound[file] = outcome.passed
        if not outcome.passed:
            print(f"{failed} fails on unbroken code, too: its file is left out", flush=True)
        return outcome.passed


def _load(trials: _Trials, file: Path) -> None:
    if not file.exists():
        return
    learnt = json.loads(file.read_text())
    names = learnt["functions"]
    trials.seconds.update(learnt["seconds"])
    for test, functions in learnt["reached"].items():
        trials.reached[test] = frozenset(names[number] for number in functions)
    trials.passed.update(trials.reached)


def _store(trials: _Trials, file: Path) -> None:
    names = sorted(set().union(*trials.reached.values()))
    number = {name: n for n, name in enumerate(names)}
    reached = {test: sorted(number[f] for f in own) for test, own in trials.reached.items()}
    learnt = {"seconds": trials.seconds, "functions": names, "reached": reached}
    file.write_text(json.dumps(learnt))


@dataclass(frozen=True)
class Drawing:
    """Which mutants of each part are run, and where results are kept.

    Attributes:
      seed, count: what is drawn.
      out: the folder of the results.
      equivalents: reasons by `Mutant.key`.
      most_seconds: CPU seconds that tests may take for a mutant.
      again: whether those that no test noticed before are run again, as after tests were written.
    """

    seed: int
    count: int
    out: Path
    equivalents: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    most_seconds: float = MOST_SECONDS
    again: bool = True


def run_part(copy: Copy, part: Part, drawing: Drawing) -> list[Result]:
    """Draw mutants of a part and run each; say every result as it comes.

    Mutants that an earlier run of the seed killed are taken from its results.
    """
    seed, out = drawing.seed, drawing.out
    modules = files(copy.folder, part.modules)
    earlier = {result.key: result for result in stored_results(out, seed, part)}
    trials = _Trials(copy, out / f"seed-{seed}" / "logs" / part.name)
    _load(trials, out / LEARNT)
    trials.noticed.update((result.path, result.failed) for result in earlier.values())
    mutants = draw(copy.folder, modules, seed, drawing.count)
    results = {mutant.key: earlier[mutant.key] for mutant in mutants if mutant.key in earlier}
    for mutant in mutants:
        result = results.get(mutant.key)
        if mutant.key in drawing.equivalents:
            reason = drawing.equivalents[mutant.key]
            result = _result(part, mutant, EQUIVALENT, [], reason=reason)
        elif result is None or (drawing.again and result.outcome != KILLED):
            result = _try(part, mutant, trials, drawing.most_seconds)
            _store(trials, out / LEARNT)
        results[mutant.key] = result
        said = f"{part.name}: {result.outcome:10} {result.seconds:4.0f} s  {mutant.name}"
        print(said, flush=True)
        stored = results_file(out, seed, part)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_text(json.dumps([row.as_row() for row in results.values()], indent=1))
    return list(results.values())


def _try(part: Part, mutant: Mutant, trials: _Trials, most_seconds: float) -> Result:
    """Run test files, some of the nearest first, until one notices or `most_seconds` are spent."""
    run: list[str] = []
    spent = 0.0
    left = [test for test in trials.nearest_first(mutant, part) if trials.sound.get(test, True)]
    while left and spent < most_seconds:
        tests, left = left[:AT_ONCE], left[AT_ONCE:]
        outcome = trials.run(mutant, tests, most_seconds - spent)
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


def run_parts(root: Path, parts: Iterable[Part], drawing: Drawing) -> list[Result]:
    """The mutants of several parts on one copy of the project, which is removed afterwards."""
    drawing = replace(drawing, out=drawing.out.resolve())  # the tests run elsewhere
    with tempfile.TemporaryDirectory(prefix="mutants-copy-") as folder:
        copy = Copy(root, Path(folder))
        return [result for part in parts for result in run_part(copy, part, drawing)]
