"""Triplets of images from files to files: beside a plain Beam pipeline, and beside a writer alone.

Each in a process of its own, in turn, on all processors of the machine; what is compared:
docs/benchmarks.md.
"""

import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from bench import relation_gen_rows
from bench.isolated import Measured, call
from bench.results import Result

ROWS, TRIPLETS, ROUNDS = 100_000, 3, 3
WRITTEN = 40_000
"""Tuples that each thread of the writer writes."""
FASTER, SHARE = 3.0, 0.5
JOB = "bench.relation_gen_job"

Taken = dict[str, list[Measured]]


def run(rows: int = ROWS, rounds: int = ROUNDS, written: int = WRITTEN) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        return _run(Path(scratch), rows, rounds, written)


def _run(scratch: Path, rows: int, rounds: int, written: int) -> list[Result]:
    data = relation_gen_rows.write(relation_gen_rows.images(rows), scratch / "data")
    stored = sum(path.stat().st_size for path in data.rglob("*.gz")) / rows
    tuples = str(scratch / "ours")
    threads = len(os.sched_getaffinity(0))

    def write(level: int | None) -> Measured:
        out = str(scratch / "written")
        asked = {"level": level, "threads": threads, "count": written}
        return call(f"{JOB}:writer", tuples=tuples, output=out, **asked)

    systems: dict[str, Callable[[], Measured]] = {
        "ours": lambda: call(f"{JOB}:ours", data=str(data), output=tuples),
        "plain Beam": lambda: call(
            f"{JOB}:plain", data=str(data), output=str(scratch / "plain"), triplets=TRIPLETS
        ),
        "writer": lambda: write(None),
        "writer, level 1": lambda: write(1),
    }
    taken: Taken = {name: [] for name in systems}
    for number in range(rounds):
        shutil.rmtree(tuples, ignore_errors=True)
        # The writer needs our tuples; the two pipelines take turns at being first.
        first = ["ours", "plain Beam"]
        for name in [*first[:: 1 if number % 2 == 0 else -1], "writer", "writer, level 1"]:
            load = os.getloadavg()[0]
            found = systems[name]()
            taken[name].append(found)
            print(f"{name}: {found} (load before: {load:.2f})", flush=True)
            for folder in ("plain", "written"):
                shutil.rmtree(scratch / folder, ignore_errors=True)
    sizes = call(f"{JOB}:sizes", tuples=tuples, count=written).value
    return [*_speed(taken), _memory(taken), *_sizes(taken, sizes, stored)]


def _speed(taken: Taken) -> list[Result]:
    both = {name: taken[name] for name in ("ours", "plain Beam")}
    rate = {name: [m.value["tuples"] / m.wall for m in found] for name, found in both.items()}
    work = {name: [m.cpu / m.value["tuples"] * 1e6 for m in found] for name, found in both.items()}
    used = statistics.median(m.cpu / m.wall for m in taken["ours"])
    print(f"ours used {used:.2f} processors at a time", flush=True)
    results = [_result("end_to_end", "tuples/s", "higher", rate, FASTER)]
    for name in ("writer", "writer, level 1"):
        beside = {"ours": rate["ours"], name: [m.value["rate"] for m in taken[name]]}
        result = "share_of_" + name.replace(", ", "_").replace(" ", "_")
        results.append(_result(result, "tuples/s", "higher", beside, SHARE))
    return [*results, _result("end_to_end_cpu", "CPU µs", "lower", work, 1 / FASTER)]


def _memory(taken: Taken) -> Result:
    peak = {name: [m.peak for m in taken[name]] for name in ("ours", "plain Beam")}
    return _result("end_to_end_memory", "MiB", "lower", peak, None)


def _sizes(taken: Taken, sizes: dict[str, float], entity: float) -> list[Result]:
    """Bytes a tuple on disk: as written, in other orders and with zlib; and beside one entity."""
    ours = statistics.mean(m.value["stored"] / m.value["tuples"] for m in taken["ours"])
    print(f"{sizes.pop('uncompressed'):.0f} bytes a tuple uncompressed", flush=True)
    others = {name: [size] for name, size in sizes.items()}
    return [
        _result("tuple_bytes", "bytes", "lower", {"ours": [ours], **others}, None),
        _result(
            "tuple_bytes_of_entity",
            "bytes",
            "lower",
            {"ours": [ours], "an entity on disk": [entity]},
            None,
        ),
    ]


def _result(
    name: str,
    unit: str,
    better: Literal["higher", "lower"],
    values: Mapping[str, Sequence[float]],
    goal: float | None,
) -> Result:
    peers = {peer: found for peer, found in values.items() if peer != "ours"}
    return Result.of(f"relation_gen_{name}", unit, better, values["ours"], peers, goal)
