"""The shipped recipes as they are, with all their epochs: each gated metric beside its gate.

`make test` runs them, too, but with fewer epochs (tests/e2e/test_recipes.py).
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from bench.results import Result
from bench.systems import run_recipe
from pipeline.paths import RunPaths
from relation.load import RECIPES

BETTER = {"min": "higher", "max": "lower"}
"""Which direction of a metric is better, by the bound of its gate."""


def run() -> list[Result]:
    results: list[Result] = []
    for recipe in sorted(RECIPES.glob("*.yaml")):
        with tempfile.TemporaryDirectory(prefix="bench-") as runs:
            run_recipe(recipe, Path(runs))
            verdict = RunPaths(Path(runs) / recipe.stem).verdict.read_text(encoding="utf-8")
        keras.utils.clear_session()
        results += gated(recipe.stem, json.loads(verdict)["gates"])
    return results


def gated(recipe: str, gates: Sequence[Mapping[str, Any]]) -> list[Result]:
    """Make a result of each threshold: the peer is the bound, and the goal is to keep it."""
    return [
        Result.of(
            f"shipped_{recipe}_{gate['metric']}",
            "share",
            BETTER[gate["bound"]],
            [gate["value"]],
            {"gate": [gate["threshold"]]},
            1.0,
        )
        for gate in gates
        if gate["kind"] == "threshold" and gate["bound"] in BETTER
    ]
