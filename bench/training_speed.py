"""How fast the trainer trains, reads and mines, beside the plainest that could do it.

Each measurement is in a process of its own, ours and peers in turn.
"""

import json
import math
import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bench import isolated
from bench.results import Result
from bench.systems import Transformed, run_recipe
from pipeline.paths import RunPaths
from relation.load import RECIPES, load_recipe
from trainer_module.build_request import training_request

RECIPE = "digits_triplets"
EPOCHS, ROUNDS = 6, 3
SHARE = 0.95
"""Least examples a second, of those of the plain loop."""


class Pair(NamedTuple):
    """Two jobs of `training_job.py`, and the results that their columns of seconds are."""

    ours: str
    theirs: str
    peer: str
    results: Mapping[str, float | None]
    """Name -> goal, column by column."""


PAIRS = (
    Pair(
        "ours",
        "plain",
        "plain Keras fit on arrays",
        {
            "training_epoch": None,
            "training_epoch_cpu": None,
            "training_speed": SHARE,
            "training_speed_cpu": None,
        },
    ),
    Pair(
        "read_ours",
        "read_raw",
        "raw TFRecord reading",
        {"training_input": None, "training_input_cpu": None},
    ),
)
BATCH, STEPS = 1024, 30
MILLISECONDS = 49.0
"""Most of a step that mines a batch of `BATCH`."""
SIZES = (1024, 2048, 4096)
GROWTH = 2.2
"""Largest slope of log memory against log batch: memory in proportion to the square has 2."""


def run() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        arguments, tuples = _transformed(Path(scratch))
        return [
            result for pair in PAIRS for result in _compared(pair, arguments, tuples)
        ] + _mining()


def _compared(pair: Pair, arguments: Mapping[str, Any], tuples: int) -> Iterator[Result]:
    """Runs both sides in turn, each first in every other round."""
    jobs = (pair.ours, pair.theirs)
    found: dict[str, list[Sequence[float]]] = {job: [] for job in jobs}
    for number in range(ROUNDS):
        for job in jobs if number % 2 == 0 else jobs[::-1]:
            load = os.getloadavg()[0]
            measured = isolated.call(f"bench.training_job:{job}", **arguments)
            middle = [statistics.median(part) for part in zip(*measured.value, strict=True)]
            found[job].append(middle)
            speeds = ", ".join(f"{tuples / seconds:.0f}" for seconds in middle)
            print(f"{job}: {speeds} tuples a second (load {load:.1f})", flush=True)
    for place, (name, goal) in enumerate(pair.results.items()):
        mine, theirs = ([tuples / middle[place] for middle in found[job]] for job in jobs)
        unit = "tuples/CPU s" if name.endswith("_cpu") else "tuples/s"
        yield Result.of(name, unit, "higher", mine, {pair.peer: theirs}, goal)


def _transformed(folder: Path) -> tuple[dict[str, Any], int]:
    """Runs the recipe; returns where Transform's outputs are, and the training tuples."""
    recipe = yaml.safe_load((RECIPES / f"{RECIPE}.yaml").read_text(encoding="utf-8"))
    recipe["training"].update(epochs=1, patience=1)
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    run_recipe(path, folder)
    paths = RunPaths(folder / RECIPE)
    made = Transformed.of(RECIPE, paths)
    recipe["training"].update(epochs=EPOCHS, patience=EPOCHS)
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    request = training_request(load_recipe(str(path))).model_dump_json()
    [stats] = paths.root.glob("pipeline/RelationGen/tuples/*/relation_stats.json")
    tuples = json.loads(stats.read_text(encoding="utf-8"))["splits"]["train"]["tuples"]
    return {**made._asdict(), "request": request}, tuples


def _mining() -> list[Result]:
    """Time of a step at `BATCH`, and growth of memory."""
    steps = {
        mined: isolated.call("bench.training_job:mine", rows=BATCH, steps=STEPS, mined=mined)
        for mined in (True, False)
    }
    wall, alone = ([1000 * seconds for seconds, _ in steps[mined].value] for mined in (True, False))
    peers = {"scores and gradient alone": alone}
    goal = MILLISECONDS / statistics.median(alone)
    timed = Result.of("mining_semi_hard", "ms", "lower", wall, peers, goal)
    held = {}
    for size in SIZES:
        measured = isolated.call("bench.training_job:mine", rows=size, steps=2, mined=True)
        held[size] = measured.peak - measured.base
        print(f"semi-hard, batch of {size}: {measured}", flush=True)
    slope = statistics.linear_regression(
        [math.log(size) for size in held], [math.log(mib) for mib in held.values()]
    ).slope
    grown = Result.of(
        "mining_memory_slope", "1", "lower", [slope], {"square of the batch": [2.0]}, GROWTH / 2
    )
    return [timed, grown]
