"""Recipes, rows and runs for the tests of whole pipelines."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf
import yaml

from demo_data import digits
from relation.load import PROJECT, RECIPES

SCHEMA = PROJECT / "schemas" / "digits.pbtxt"
UPSTREAM = {
    "RelationGen": ["EntityGen", "EntityStatistics", "ImportSchemaGen", "EntityValidator"],
}
UPSTREAM["Trainer"] = [
    *UPSTREAM["RelationGen"],
    "RelationGen",
    "TupleStatistics",
    "TupleValidator",
    "Transform",
]
NODES = [
    *UPSTREAM["Trainer"],
    "Trainer",
    "LatestBlessedModel",
    "CorpusEvaluator",
    "Evaluator",
    "Pusher",
    "Report",
]
_LINE = re.compile(r"^  (\w+) +(done|cached|failed) +\d+\.\d s(?:  (.*))?$", re.MULTILINE)


class Line(NamedTuple):
    """The line of a node on the terminal."""

    node: str
    state: str
    summary: str


class Outcome(NamedTuple):
    """The outputs of a run.

    Attributes:
      status: exit status.
      terminal: stdout and stderr.
      folder: `runs/<recipe>`.
      verdict: `verdict.json`; None where there is none.
      versions: what is in the serving folder, oldest first.
    """

    status: int
    terminal: str
    folder: Path
    verdict: Any
    versions: list[str]

    @classmethod
    def read(cls, status: int, terminal: str, folder: Path) -> "Outcome":
        """Read the current outputs; check that every version is complete."""
        path, serving = folder / "verdict.json", folder / "serving"
        versions = [version.name for version in serving.iterdir()] if serving.is_dir() else []
        for name in versions:
            assert name.isdecimal(), name
            assert (serving / name / "saved_model.pb").stat().st_size > 0
        verdict = json.loads(path.read_text()) if path.exists() else None
        return cls(status, terminal, folder, verdict, sorted(versions, key=int))

    @property
    def lines(self) -> list[Line]:
        return [Line(*fields) for fields in _LINE.findall(self.terminal)]

    @property
    def last_line(self) -> str:
        return self.terminal.strip().splitlines()[-1]

    def nodes(self, state: str) -> set[str]:
        """Return the nodes in a state, without the resolver, which is never cached."""
        return {line.node for line in self.lines if line.state == state} - {"LatestBlessedModel"}


class Worker:
    """A process that runs recipes one by one, because importing TFX takes long."""

    def __init__(self, project: Path = PROJECT):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py"))],
            cwd=project,
            env=environment(PYTHONPATH=project),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, recipe: Path | str, runs: Path) -> Outcome:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {"RELATA_RECIPE": str(recipe), "RELATA_RUNS": str(runs)}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        reply = json.loads(self.process.stdout.readline())
        return Outcome.read(reply["status"], reply["terminal"], runs / name_of(recipe))

    def close(self) -> None:
        self.process.communicate()
        assert self.process.returncode == 0


def run_cli(recipe: Path | str, runs: Path) -> Outcome:
    """Run a recipe as `make run` does."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.run"],
        cwd=PROJECT,
        # tfx starts the runner file as a script; it must not import another installed copy.
        env=environment(RELATA_RECIPE=recipe, RELATA_RUNS=runs, PYTHONPATH=PROJECT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Outcome.read(done.returncode, done.stdout, runs / name_of(recipe))


def environment(**variables: Path | str) -> dict[str, str]:
    return {**os.environ, **{name: str(value) for name, value in variables.items()}}


def name_of(recipe: Path | str) -> str:
    return recipe.stem if isinstance(recipe, Path) else recipe


def write_recipe(path: Path, changes: dict[str, Any] | None = None) -> Path:
    """A recipe that takes seconds: the default one with fewer epochs and triplets, and low gates.

    Its rows are `rows/*.gz` and its schema `schema.pbtxt`, both beside it; `max_drop: 1` lets any
    model pass, but makes the Evaluator look at the baseline; raw pixels need not be beaten.

    Args:
      changes: values by dotted key; None removes the key.
    """
    recipe = yaml.safe_load((RECIPES / "digits_triplets.yaml").read_text())
    quick = {
        "name": path.stem,
        "data.entities.item": {"schema": "schema.pbtxt", "path": "rows/*.gz"},
        "relation.sampling.triplets_per_anchor": 1,
        "training.epochs": 2,
        "training.learning_rate": 0.003,
        "evaluation.gates": {
            "auc": {"min": 0.6, "max_drop": 1.0},
            "triplet_accuracy": {"min": 0.6},
        },
        "evaluation.baseline": False,
    }
    for key, value in {**quick, **(changes or {})}.items():
        *parents, last = key.split(".")
        fields = recipe
        for parent in parents:
            fields = fields[parent]
        if value is None:
            del fields[last]
        else:
            fields[last] = value
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    return path


def digit_rows(count: int) -> list[tf.train.Example]:
    """The first of the shipped digits."""
    images, labels = digits.load_digits(return_X_y=True)
    return [
        row_of(b"digit-%04d" % n, digits.encode(images[n].reshape(8, 8)), int(labels[n]))
        for n in range(count)
    ]


def row_of(key: bytes, image: bytes, label: int) -> tf.train.Example:
    example = tf.train.Example()
    feature = example.features.feature
    feature["id"].bytes_list.value.append(key)
    feature["image"].bytes_list.value.append(image)
    feature["label"].int64_list.value.append(label)
    return example


def write_rows(path: Path, rows: Iterable[tf.train.Example | bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for row in rows:
            writer.write(row if isinstance(row, bytes) else row.SerializeToString())
    return path
