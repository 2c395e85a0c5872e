"""Time from nothing to a pushed model: this pipeline beside a bare TFX pipeline (`bench/bare/`).

Fresh processes and folders each time, the data already written. What is equal and what is not:
docs/benchmarks.md.
"""

import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from bench.bare import configs
from bench.results import Result
from demo_data.once import write_once
from relation.load import PROJECT, RECIPES, load_recipe

RECIPE = "digits_triplets"
ROUNDS = 3
LIMIT = 1.5
"""Largest ratio to the bare pipeline."""

_RUNNER = PROJECT / "pipeline" / "local_runner.py"
_BARE_RUNNER = PROJECT / "bench" / "bare" / "local_runner.py"


class Seconds(NamedTuple):
    """What a start took: by the clock, and of processors."""

    wall: float
    cpu: float


def run() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        return _run(Path(scratch))


def _run(scratch: Path) -> list[Result]:
    data = scratch / "digits"
    write_once("demo_data.digits", data)
    direct = _alternate(scratch / "run", data, through_cli=False)
    cli = _alternate(scratch / "run", data, through_cli=True)
    return [
        _result(
            "first_model",
            "s",
            {name: [t.wall for t in took] for name, took in direct.items()},
            LIMIT,
        ),
        _result(
            "first_model_cpu",
            "CPU s",
            {name: [t.cpu for t in took] for name, took in direct.items()},
            None,
        ),
        _result(
            "first_model_cli_share",
            "s",
            {
                name: [a.wall - b.wall for a, b in zip(cli[name], direct[name], strict=True)]
                for name in cli
            },
            None,
        ),
    ]


def _alternate(folder: Path, data: Path, through_cli: bool) -> dict[str, list[Seconds]]:
    """Both pipelines in turn, each first in every other round."""
    systems = {"ours": _ours, "bare": _bare}
    measured: dict[str, list[Seconds]] = {name: [] for name in systems}
    for number in range(ROUNDS):
        for name in list(systems) if number % 2 == 0 else reversed(systems):
            load = os.getloadavg()[0]
            took = systems[name](folder, data, through_cli)
            shutil.rmtree(folder)
            measured[name].append(took)
            print(
                f"{name}, {'tfx command' if through_cli else 'runner file'}: {took.wall:.1f} s, "
                f"{took.cpu:.1f} CPU s (load before: {load:.2f})",
                flush=True,
            )
    return measured


def _result(
    name: str, unit: str, values: Mapping[str, Sequence[float]], goal: float | None
) -> Result:
    peers = {"bare TFX pipeline": values["bare"]}
    return Result.of(name, unit, "lower", values["ours"], peers, goal)


def _ours(folder: Path, data: Path, through_cli: bool) -> Seconds:
    shutil.copytree(data, folder / "runs" / RECIPE / "data" / "item")
    recipe = yaml.safe_load((RECIPES / f"{RECIPE}.yaml").read_text(encoding="utf-8"))
    # Every epoch is trained, so that the number of steps does not hang on the validation loss.
    recipe["training"]["patience"] = recipe["training"]["epochs"]
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    environment = {"RELATA_RECIPE": str(path), "RELATA_RUNS": str(folder / "runs")}
    took = _start(_RUNNER, RECIPE, folder, environment, through_cli)
    _check_ours(path, folder / "runs" / RECIPE)
    return took


def _check_ours(recipe: Path, made: Path) -> None:
    """The model was pushed, after as many steps of as many images as the bare pipeline trains."""
    training = load_recipe(str(recipe)).recipe.training
    verdict = json.loads((made / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["verdict"] == "blessed", verdict
    [stats] = made.glob("pipeline/RelationGen/tuples/*/relation_stats.json")
    [history] = made.glob("pipeline/Trainer/model_run/*/history.json")
    tuples = json.loads(stats.read_text(encoding="utf-8"))["splits"]["train"]["tuples"]
    epochs = len(json.loads(history.read_text(encoding="utf-8"))["loss"])
    steps = math.ceil(tuples / training.batch_size) * epochs
    assert (steps, epochs) == (configs.TRAIN_STEPS, configs.EPOCHS), (steps, epochs)
    assert 3 * training.batch_size == configs.BATCH_SIZE


def _bare(folder: Path, data: Path, through_cli: bool) -> Seconds:
    shutil.copytree(data, folder / "data")
    took = _start(_BARE_RUNNER, configs.PIPELINE_NAME, folder, {}, through_cli)
    serving = folder / "tfx_pipeline_output" / configs.PIPELINE_NAME / "serving_model"
    assert list(serving.glob("*/saved_model.pb")), "the bare pipeline pushed no model"
    return took


def _start(
    runner: Path, pipeline: str, folder: Path, environment: Mapping[str, str], through_cli: bool
) -> Seconds:
    """Runs a pipeline by its runner file, or registers and runs it with the tfx command."""
    programs = Path(sys.executable).parent
    commands: list[list[str]] = [[sys.executable, str(runner)]]
    if through_cli:
        tfx, engine = str(programs / "tfx"), ["--engine", "local"]
        commands = [
            [tfx, "pipeline", "create", *engine, "--pipeline_path", str(runner)],
            [tfx, "run", "create", *engine, "--pipeline_name", pipeline],
        ]
    full = {
        **os.environ,
        **environment,
        "LOCAL_HOME": str(folder / "tfx"),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    log = folder / "log"
    wall, cpu = time.monotonic(), _cpu_of_children()
    for command in commands:
        with log.open("a") as output:
            ended = subprocess.run(
                command, cwd=folder, env=full, stdout=output, stderr=subprocess.STDOUT
            )
        if ended.returncode:
            tail = log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{' '.join(command)}: exit status {ended.returncode}\n{tail}")
    return Seconds(time.monotonic() - wall, _cpu_of_children() - cpu)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
