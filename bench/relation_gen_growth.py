"""Time and memory of RelationGen as data grow and as they are skewed; each run in its own process.

`python -m bench.relation_gen_plot` draws the results.
"""

import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import relation_gen_rows
from bench.isolated import Measured, call
from bench.relation_gen_rows import CASES
from bench.results import Result

SIZES = (10_000, 100_000, 1_000_000)
PLAIN = 100_000
"""Up to this size the plain pipeline is run too: beyond, it takes too long and holds too much."""
SKEWED = ("hot_key", "small_keys", "hub", "one_query", "zipf")
ROUNDS, TRIPLETS = 2, 3
SLOPE, HOT = 1.05, 1.5
JOB = "bench.relation_gen_job"


def run(
    sizes: Sequence[int] = SIZES, skewed: Sequence[str] = SKEWED, rounds: int = ROUNDS
) -> list[Result]:
    grown: dict[int, list[Measured]] = {rows: [] for rows in sizes}
    plain: dict[int, list[Measured]] = {rows: [] for rows in sizes if rows <= PLAIN}
    hot: list[Measured] = []
    for _ in range(rounds):
        for rows, found in grown.items():
            found.append(_ours("uniform", rows))
            if rows in plain:
                plain[rows].append(_plain(rows))
        if "hot_key" in skewed:
            hot.append(_ours("hot_key", sizes[-1]))
    others = {name: [_ours(name, sizes[-1])] for name in skewed if name != "hot_key"}
    if hot:
        others["hot_key"] = hot
    return [*_growth(grown, plain), *_skew(sizes[-1], grown[sizes[-1]], others)]


def _growth(grown: dict[int, list[Measured]], plain: dict[int, list[Measured]]) -> list[Result]:
    results = []
    last: tuple[int, list[Measured]] | None = None
    for rows, found in grown.items():
        seconds, peak, peers, peaks = _wall(found), _peak(found), {}, {}
        if rows in plain:
            peers["plain Beam"], peaks["plain Beam"] = _wall(plain[rows]), _peak(plain[rows])
        if last is not None:
            smaller, before = last
            name = f"{smaller} rows"
            peers[f"linear from {name}"] = [s * rows / smaller for s in _wall(before)]
            peaks[name] = _peak(before)
        results.append(Result.of(f"relation_gen_growth_{rows}", "s", "lower", seconds, peers, None))
        results.append(Result.of(f"relation_gen_memory_{rows}", "MiB", "lower", peak, peaks, None))
        last = rows, found
    rounds = range(min(map(len, grown.values())))
    slopes = [slope([(m[i].value["tuples"], m[i].wall) for m in grown.values()]) for i in rounds]
    linear = {"linear": [1.0]}
    results.append(Result.of("relation_gen_growth_slope", "", "lower", slopes, linear, SLOPE))
    return results


def _skew(rows: int, uniform: list[Measured], others: dict[str, list[Measured]]) -> list[Result]:
    results = []
    for name, found in others.items():
        goal = HOT if name == "hot_key" else None
        # Per tuple: the cases do not make the same number of tuples.
        each, usual = (
            [m.wall / m.value["tuples"] * 1e6 for m in some] for some in (found, uniform)
        )
        peers = {f"uniform, {rows} rows": usual}
        results.append(Result.of(f"relation_gen_time_{name}", "µs", "lower", each, peers, goal))
        peers = {f"uniform, {rows} rows": _peak(uniform)}
        peak = _peak(found)
        results.append(Result.of(f"relation_gen_memory_{name}", "MiB", "lower", peak, peers, None))
    return results


def _wall(found: Sequence[Measured]) -> list[float]:
    return [m.wall for m in found]


def _peak(found: Sequence[Measured]) -> list[float]:
    return [m.peak for m in found]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The slope of a line through the logarithms of (size, time), by least squares."""
    x, y = ([math.log(point[i]) for point in points] for i in (0, 1))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - mean_x) ** 2 for a in x)


def _ours(case: str, rows: int) -> Measured:
    return _measured(case, rows, "ours")


def _plain(rows: int) -> Measured:
    return _measured("uniform", rows, "plain", triplets=TRIPLETS)


def _measured(case: str, rows: int, system: str, **asked: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        data = relation_gen_rows.write(CASES[case](rows), Path(scratch) / "data")
        load = os.getloadavg()[0]
        out = str(Path(scratch) / "out")
        found = call(f"{JOB}:{system}", data=str(data), output=out, **asked)
        print(
            f"{case}, {rows} rows, {system}: {found.value['tuples']} tuples, {found} "
            f"(load before: {load:.2f})",
            flush=True,
        )
        return found
