"""A fresh Airflow with only a copy of the runner file in its `dags/` folder."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from relation.load import RECIPES

# Asked without an import: Airflow sets up logging anew for the whole process that imports it.
NEEDS_AIRFLOW = pytest.mark.skipif(
    importlib.util.find_spec("airflow") is None, reason="needs the extra `airflow`"
)
RUNNER = RECIPES.parent / "airflow_runner.py"


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


def variant(folder: Path, **changes: object) -> str:
    """Copy the default recipe with other top-level entries; return its path."""
    recipe = yaml.safe_load((RECIPES / "digits_triplets.yaml").read_text())
    path = folder / "variant.yaml"
    path.write_text(yaml.safe_dump({**recipe, **changes}, sort_keys=False))
    return str(path)
