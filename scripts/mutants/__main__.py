"""Draw and run mutants: `python -m scripts.mutants --seed 1 [--part pusher] [--count 10]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.mutants.parts import PARTS
from scripts.mutants.report import equivalents, table
from scripts.mutants.run import MOST_SECONDS, Drawing, run_parts, stored_results
from scripts.mutants.trial import import_heavy

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run the parts that are named, all without one, and write the table of the seed."""
    parser = argparse.ArgumentParser(prog="python -m scripts.mutants", description=__doc__)
    names = [part.name for part in PARTS]
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--part", action="append", choices=names, help="repeatable; default: all")
    parser.add_argument("--count", type=int, default=10, help="mutants a part (default: 10)")
    parser.add_argument(
        "--most-seconds", type=float, default=MOST_SECONDS, help="CPU seconds of tests a mutant"
    )
    parser.add_argument(
        "--once", action="store_true", help="do not run again what survived an earlier run"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "mutants")
    parser.add_argument("--table", action="store_true", help="only the table of earlier results")
    options = parser.parse_args()
    by_name = {part.name: part for part in PARTS}
    chosen = [by_name[name] for name in options.part or by_name]
    out = options.out.resolve()
    if not options.table:
        import_heavy()
        drawing = Drawing(
            seed=options.seed,
            count=options.count,
            out=out,
            equivalents=equivalents(),
            most_seconds=options.most_seconds,
            again=not options.once,
        )
        run_parts(ROOT, chosen, drawing)
    results = [result for part in PARTS for result in stored_results(out, options.seed, part)]
    text = table(results)
    (out / f"seed-{options.seed}.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
