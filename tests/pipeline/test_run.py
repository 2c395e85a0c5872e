"""The command that runs a recipe: errors before anything starts."""

import pytest

from pipeline import run
from relation.load import RECIPES


def test_help_names_the_recipes_and_starts_nothing(capsys):
    with pytest.raises(SystemExit) as stop:
        run.main(["--help"])
    assert stop.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    for path in RECIPES.glob("*.yaml"):
        assert path.stem in printed


def test_the_recipe_is_the_argument_s_before_the_environment_s(capsys, monkeypatch):
    monkeypatch.setenv("RELATA_RECIPE", "of_the_environment")
    assert run.main(["of_the_command"]) == 2
    assert capsys.readouterr().err.startswith("Error: recipe 'of_the_command': no such recipe")
    assert run.main([]) == 2
    assert capsys.readouterr().err.startswith("Error: recipe 'of_the_environment'")
