"""Memory of RelationGen against its budget, `relation.memory_mb`: each run in a process of its own.

The shapes are those that could make one worker hold everything (`relation_gen_rows`).
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import relation_gen_rows
from bench.isolated import call
from bench.relation_gen_rows import CASES
from bench.results import Result

SMALL, LARGE = 100_000, 1_000_000
SHAPES = ("uniform", "hot_key", "small_keys", "hub", "one_query", "zipf")
BUDGET, OTHERS = 320, (96, 1280)
"""MiB: of all shapes; and of uniform rows alone, beside it."""
BASE, FACTOR = 64, 1.0
"""A worker holds at most BASE + FACTOR × budget MiB beside what its imports take. BASE: what Beam,
Arrow and TensorFlow load or set apart once they are used."""


def run(small: int = SMALL, large: int = LARGE, shapes: Sequence[str] = SHAPES) -> list[Result]:
    asked = [("uniform", small, BUDGET), *((shape, large, BUDGET) for shape in shapes)]
    asked += [("uniform", large, budget) for budget in OTHERS]
    return [_measured(*case) for case in asked]


def _measured(case: str, rows: int, budget: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        data = relation_gen_rows.write(CASES[case](rows), Path(scratch) / "data")
        out = str(Path(scratch) / "out")
        found = call("bench.relation_gen_job:ours", data=str(data), output=out, memory_mb=budget)
    print(f"{case}, {rows} rows, {budget} MiB: {found}", flush=True)
    name = f"relation_gen_budget_{case}_{rows}" + (f"_{budget}" if budget != BUDGET else "")
    held = [found.peak - found.base]
    return Result.of(name, "MiB", "lower", held, {"base + budget": [BASE + FACTOR * budget]}, 1.0)
