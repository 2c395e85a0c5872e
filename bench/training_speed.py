"""How fast the trainer trains, reads and mines, beside the plainest that could do it.

Each measurement is in a process of its own, ours and peers in turn.
"""

import json
import math
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bench import isolated
from bench.results import Result
from bench.systems import Transformed, run_recipe
from pipeline.paths import RunPaths
from relation.load import RECIPES, load_recipe
from trainer_module.request import TrainingRequest

RECIPE = "digits_triplets"
EPOCHS, ROUNDS = 6, 3
SHARE = 0.95
"""Least examples a second, of those of the plain loop."""
BATCH, STEPS = 1024, 30
MILLISECONDS = 49.0
"""Most of a step that mines a batch of `BATCH`."""
SIZES = (1024, 2048, 4096)
GROWTH = 2.2
"""Largest slope of log memory against log batch: memory in proportion to the square has 2."""


def run() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        arguments, tuples = _transformed(Path(scratch))
        pairs = {
            "training_speed": ("ours", "plain", "plain Keras fit on arrays", SHARE),
            "training_input": ("read_ours", "read_raw", "raw TFRecord reading", None),
        }
        results = []
        for name, (mine, theirs, peer, goal) in pairs.items():
            found: dict[str, list[Sequence[float]]] = {mine: [], theirs: []}
            for number in range(ROUNDS):
                for job in (mine, theirs) if number % 2 == 0 else (theirs, mine):
                    load = os.getloadavg()[0]
                    measured = isolated.call(f"bench.training_job:{job}", **arguments)
                    middle = [statistics.median(part) for part in zip(*measured.value, strict=True)]
                    found[job].append(middle)
                    print(f"{job}: {tuples / middle[0]:.0f} tuples/s (load {load:.1f})", flush=True)
            for suffix, place, unit, bound in (
                ("", 0, "tuples/s", goal),
                ("_cpu", 1, "tuples/CPU s", None),
            ):
                values, others = (
                    [tuples / middle[place] for middle in found[job]] for job in (mine, theirs)
                )
                results.append(
                    Result.of(f"{name}{suffix}", unit, "higher", values, {peer: others}, bound)
                )
    return [*results, *_mining()]


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
    request = TrainingRequest.of(load_recipe(str(path))).model_dump_json()
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
