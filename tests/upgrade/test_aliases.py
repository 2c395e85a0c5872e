"""Names that recipes and people wrote down at 7ef2245 still work."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.stages import file_patterns
from pipeline.ui import verdict
from relation.core import aliases
from relation.load import PROJECT, RECIPES, load_recipe, parse_recipe

OF_RUNNER = ("airflow_launcher", "data", "failure", "history", "verdict")


@pytest.fixture(autouse=True)
def _afresh(monkeypatch):
    """Warnings come again, and no checkout of 7ef2245 on the path has the old package."""
    aliases._warn.cache_clear()
    for name in aliases.RUNNER_MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(
        sys, "path", [p for p in sys.path if not Path(p, "datasets", "wine.py").exists()]
    )


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """Makes a package `datasets` of someone else, with the modules that are named."""

    def make(*modules):
        package = tmp_path / "datasets"
        package.mkdir()
        for name in ("__init__", *modules):
            (package / f"{name}.py").touch()
        monkeypatch.syspath_prepend(str(tmp_path))
        for name in [n for n in sys.modules if n.split(".")[0] == "datasets"]:
            monkeypatch.delitem(sys.modules, name)

    yield make
    for name in [n for n in sys.modules if n.split(".")[0] == "datasets"]:
        del sys.modules[name]


def old_text(recipe):
    return (RECIPES / f"{recipe}.yaml").read_text(encoding="utf-8").replace("demo_data", "datasets")


@pytest.mark.parametrize("recipe", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_a_recipe_that_names_datasets_is_the_same_recipe(recipe, capsys):
    text = old_text(recipe)
    assert "datasets." in text
    assert parse_recipe(text, "old.yaml") == load_recipe(recipe).recipe
    assert "Warning: datasets." in capsys.readouterr().err


def test_the_warning_names_the_new_path_once(capsys):
    for _ in range(2):
        recipe = parse_recipe(old_text("similarity_regression"), "old.yaml")
    assert next(iter(recipe.data.entities.values())).generator == "demo_data.wine"
    assert recipe.relation.source.function == "demo_data.wine.similarity"
    assert capsys.readouterr().err.splitlines() == [
        "Warning: datasets.wine is now called demo_data.wine; change the recipe",
        "Warning: datasets.wine.similarity is now called demo_data.wine.similarity; change the recipe",
    ]


@pytest.mark.parametrize("path", ["datasets.wine", "datasets.wine.similarity"])
def test_a_module_of_the_user_wins(path, foreign, capsys):
    foreign("wine")
    assert aliases.current_path(path) == path
    assert capsys.readouterr().err == ""


def test_another_package_of_that_name_does_not_hide_ours(foreign):
    foreign("arrow_dataset")
    assert aliases.current_path("datasets.wine.similarity") == "demo_data.wine.similarity"
    assert aliases.current_path("datasets.search.queries") == "demo_data.search.queries"


@pytest.mark.parametrize(
    "path", ["datasets.mine", "datasets", "demo_data.wine", "mine.datasets.wine"]
)
def test_other_paths_stay(path, capsys):
    assert aliases.current_path(path) == path
    assert capsys.readouterr().err == ""


def test_an_old_copy_of_the_airflow_runner_finds_what_it_imports(capsys):
    of = {name: importlib.import_module(f"pipeline.{name}") for name in OF_RUNNER}
    assert capsys.readouterr().err == (
        "Warning: a copy of pipeline/airflow_runner.py comes from an earlier version; copy it again\n"
    )
    assert of["data"].data_patterns is file_patterns.data_patterns
    assert of["data"].future_patterns is file_patterns.expected_patterns
    assert of["data"].tfrecords is file_patterns.tfrecords
    assert of["verdict"].of_run is verdict.of_run
    assert of["failure"].cause_of(ValueError("torn")) == "ValueError: torn"
    assert of["history"].pipeline_run.__name__ == "pipeline_run"
    assert of["airflow_launcher"].Launcher.__name__ == "Launcher"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("pipeline.figures")


def test_what_moved_is_there():
    for path in aliases.RECIPE_PATHS.values():
        assert callable(importlib.import_module(path).write)


@pytest.mark.e2e
@pytest.mark.parametrize(
    "command",
    [
        ("-m", "pipeline.run"),
        ("-m", "components.relation_gen"),
        ("-m", "components.evaluator"),
        ("-m", "trainer_module.try_model"),
    ],
)
def test_a_documented_command_is_there(command):
    done = subprocess.run(
        [sys.executable, *command, "--help"], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: ")


def test_documented_functions_are_there():
    assert callable(importlib.import_module("trainer_module.run_fn").run_fn)
    assert (PROJECT / "pipeline" / "local_runner.py").is_file()
    assert "def build_dag(recipe: str)" in (PROJECT / "pipeline" / "airflow_runner.py").read_text()
    assert (PROJECT / "pipeline" / "kubeflow_runner.py").is_file()
