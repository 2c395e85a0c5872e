"""Names of earlier versions, which users wrote down: they keep working, with a warning.

Recipes name generators and functions by dotted paths; Airflow's folder `dags/` holds a copy of
`pipeline/airflow_runner.py`, which imports the modules beside it.
"""

import functools
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib import abc, machinery
from types import ModuleType
from typing import Any

_GENERATORS = (
    "catalogue.links",
    "catalogue.products",
    "digits",
    "offers",
    "retail.items",
    "retail.purchases",
    "retail.users",
    "scenes",
    "search.documents",
    "search.queries",
    "sketches.drawings",
    "sketches.links",
    "sketches.pairs",
    "sketches.photographs",
    "wine",
)
RECIPE_PATHS = {f"datasets.{name}": f"demo_data.{name}" for name in _GENERATORS}
"""Earlier path of a module that recipes name -> path. (Hugging Face has a package `datasets`.)"""

RUNNER_MODULES: Mapping[str, Mapping[str, str]] = {
    "pipeline.airflow_launcher": {"Launcher": "pipeline.runners.airflow_launcher:Launcher"},
    "pipeline.data": {
        "data_patterns": "pipeline.stages.file_patterns:data_patterns",
        "future_patterns": "pipeline.stages.file_patterns:expected_patterns",
        "tfrecords": "pipeline.stages.file_patterns:tfrecords",
    },
    "pipeline.failure": {"cause_of": "pipeline.ui.root_cause:root_cause"},
    "pipeline.history": {"pipeline_run": "pipeline.ui.node_runs:pipeline_run"},
    "pipeline.verdict": {
        "failed": "pipeline.ui.verdict:failed",
        "of_run": "pipeline.ui.verdict:of_run",
        "write": "pipeline.ui.verdict:write",
    },
}
"""Modules that earlier copies of the Airflow runner import: earlier path -> name -> where it is."""


def current_path(path: str) -> str:
    """Replaces the earlier path of a module that moved, or of something in it, with a warning.

    A module that can be imported by that path, for example one of the user's, stays.
    """
    module = path if path in RECIPE_PATHS else path.rpartition(".")[0]
    if module not in RECIPE_PATHS or _importable(module):
        return path
    current = RECIPE_PATHS[module] + path.removeprefix(module)
    _warn(f"{path} is now called {current}; change the recipe")
    return current


def serve_runner_modules() -> None:
    """Makes the modules of `RUNNER_MODULES` importable, once a process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


class _Finder(abc.MetaPathFinder, abc.Loader):
    """Finds and loads the modules of `RUNNER_MODULES`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> machinery.ModuleSpec | None:
        return machinery.ModuleSpec(name, self) if name in RUNNER_MODULES else None

    def exec_module(self, module: ModuleType) -> None:
        _warn("a copy of pipeline/airflow_runner.py comes from an earlier version; copy it again")
        for name, place in RUNNER_MODULES[module.__name__].items():
            current, _, attribute = place.partition(":")
            value: Any = getattr(importlib.import_module(current), attribute)
            setattr(module, name, value)


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except Exception:  # Of a package above it, which may raise anything.
        return False


@functools.cache
def _warn(message: str) -> None:
    """Prints the warning, once a process."""
    print(f"Warning: {message}", file=sys.stderr)
