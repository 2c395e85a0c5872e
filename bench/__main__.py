"""`python -m bench [NAME…]`: runs all benchmarks or some; each result goes to `bench/out/`."""

import argparse
import importlib

from bench.results import DataAbsent, Result, table

BENCHMARKS = (
    "corpus_metrics",
    "digits_quality",
    "first_model",
    "relation_gen_draw",
    "relation_gen_assembly",
    "relation_gen_end_to_end",
    "relation_gen_growth",
    "relation_gen_memory",
    "ranking_quality",
    "tags_quality",
    "matching_quality",
    "fashion_quality",
    "masks_quality",
    "label_noise",
    "shipped_recipes",
    "training_speed",
)
"""Modules of this package with `run() -> list[Result]`."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or BENCHMARKS
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}"
        )
    results: list[Result] = []
    skipped: list[str] = []
    for name in names:
        print(f"== {name}", flush=True)
        try:
            found = importlib.import_module(f"bench.{name}").run()
        except DataAbsent as absent:
            skipped.append(f"{name}: skipped: {absent}")
            continue
        for result in found:
            result.write()
        results += found
    print("\n".join(["", *([table(results)] if results else []), *skipped]))


if __name__ == "__main__":
    main()
