"""Run the mutants of parts against their nearest tests."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from scripts.mutants.draw import Mutant, draw
from scripts.mutants.nearest import Unbroken, by_distance, executes, unbroken_run
from scripts.mutants.parts import Part, files
from scripts.mutants.report import EQUIVALENT, KILLED, SURVIVED, TIMED_OUT, Result
from scripts.mutants.trial import Copy, run_tests

MOST_SECONDS = 100.0
"""CPU seconds of unbroken tests that one mutant may cost; the nearest tests always run."""
NOT_EXECUTED = "no test executes the line"


def results_file(out: Path, seed: int, part: Part) -> Path:
    """Where the results of a part are kept, so that killed mutants are not run again."""
    return out / f"seed-{seed}" / f"{part.name.replace(' ', '_')}.json"


def stored_results(out: Path, seed: int, part: Part) -> list[Result]:
    """Results of an earlier run."""
    file = results_file(out, seed, part)
    return [Result(**row) for row in json.loads(file.read_text())] if file.exists() else []


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
    mutants = draw(copy.folder, modules, seed, count)
    earlier = {result.key: result for result in stored_results(out, seed, part)}
    tests = files(copy.folder, part.tests, "test_*.py")
    results: list[Result] = []

    @functools.lru_cache(maxsize=None)
    def unbroken(test: str) -> Unbroken:
        run = unbroken_run(copy, test, modules, out)
        if not run.passed:
            print(f"{part.name}: {test} fails on unbroken code and is left out", flush=True)
        return run

    for mutant in mutants:
        result = earlier.get(mutant.key)
        if mutant.key in equivalents:
            result = _result(part, mutant, EQUIVALENT, [], reason=equivalents[mutant.key])
        elif result is None or result.outcome not in (KILLED, TIMED_OUT):
            log = out / f"seed-{seed}" / "logs" / f"{part.name}-{len(results)}.log"
            result = _try(copy, part, mutant, tests, unbroken, log, most_seconds)
        results.append(result)
        print(
            f"{part.name}: {result.outcome:10} {result.seconds:4.0f} s  {mutant.name}", flush=True
        )
        stored = results_file(out, seed, part)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_text(json.dumps([row.as_row() for row in results], indent=1))
    return results


def _try(
    copy: Copy,
    part: Part,
    mutant: Mutant,
    tests: list[str],
    unbroken: Callable[[str], Unbroken],
    log: Path,
    most_seconds: float,
) -> Result:
    """Run tests, the nearest first, until one notices the mutant or `most_seconds` are spent."""
    run: list[str] = []
    spent = 0.0
    for group in by_distance(copy, mutant.path, tests):
        chosen = [test for test in group if executes(copy, mutant, unbroken(test))]
        chosen.sort(key=lambda test: unbroken(test).seconds)
        while (
            chosen and run and spent + sum(unbroken(test).seconds for test in chosen) > most_seconds
        ):
            chosen.pop()
        if not chosen:
            continue
        seconds = sum(unbroken(test).seconds for test in chosen)
        run, spent = run + chosen, spent + seconds
        with copy.edited(mutant.path, mutant.source):
            outcome = run_tests(copy, chosen, log, 20 + 3 * seconds)
        if not outcome.passed:
            kind = TIMED_OUT if outcome.timed_out else KILLED
            return _result(part, mutant, kind, run, outcome.seconds, outcome.failed)
    return _result(part, mutant, SURVIVED, run, spent, reason="" if run else NOT_EXECUTED)


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
