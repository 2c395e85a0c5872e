"""A fresh Airflow with only a copy of the runner file in its `dags/` folder."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from relation.load import RECIPES

# Asked without an import: Airflow sets up logging anew for the whole process that imports it.
NEEDS_AIRFLOW = pytest.mark.skipif(
    importlib.util.find_spec("airflow") is None, reason="needs the extra `airflow`"
)
RUNNER = RECIPES.parent / "airflow_runner.py"


class Called(NamedTuple):
    """The end of a command: its exit status, and what it printed."""

    status: int
    output: str


class Airflow:
    """An AIRFLOW_HOME, and the environment of the processes that use it."""

    def __init__(self, folder: Path):
        self.dags = folder / "airflow" / "dags"
        self.dags.mkdir(parents=True)
        shutil.copy(RUNNER, self.dags)
        self.runs = folder / "runs"
        self.environment = {
            **os.environ,
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
            "RELATA_RUNS": str(self.runs),
        }
        self._forked: subprocess.Popen[str] | None = None

    def command(self, *arguments: str, recipe: str) -> Called:
        """Call the airflow command in a process that is forked from one with the imports."""
        if self._forked is None:
            self._forked = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("forked.py"))],
                env=self.environment,
                cwd=self.dags,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self._forked.stdin is not None
        assert self._forked.stdout is not None
        call = [arguments, {"RELATA_RECIPE": recipe}]
        print(json.dumps(call), file=self._forked.stdin, flush=True)
        return Called(**json.loads(self._forked.stdout.readline()))

    def close(self) -> None:
        if self._forked is not None:
            self._forked.communicate()

    def run(self, *arguments: str, recipe: str) -> subprocess.CompletedProcess[str]:
        """Run this Python with arguments, outside the project's folder."""
        return subprocess.run(
            [sys.executable, *arguments],
            env={**self.environment, "RELATA_RECIPE": recipe},
            cwd=self.dags,
            capture_output=True,
            text=True,
            check=False,
        )


def variant(folder: Path, file: str, **changes: object) -> str:
    """Copy the default recipe to a file with other top-level entries; return its path."""
    recipe = yaml.safe_load((RECIPES / "digits_triplets.yaml").read_text())
    path = folder / f"{file}.yaml"
    path.write_text(yaml.safe_dump({**recipe, **changes}, sort_keys=False))
    return str(path)
