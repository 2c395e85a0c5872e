"""The command: what it writes and says, and what it refuses in one sentence."""

import pytest
import yaml

from pipeline.new.__main__ import main
from relation.load import load_recipe

ROWS = "\n".join(["x,kind", *(f"{n * 7 % 121},{'ab'[n % 2]}" for n in range(120)), ""])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rows [1]").mkdir()
    (tmp_path / "rows [1]" / "a.csv").write_text(ROWS)
    return tmp_path


def run(folder, name="trial", data="rows [1]/a.csv", *flags):
    return main([name, str(folder / data), "--folder", str(folder), *flags])


def test_both_files_are_written_and_load(folder, capsys):
    assert run(folder) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "wrote trial.pbtxt and trial.yaml"
    assert lines[2].startswith(
        "  doubtful: 'kind' is taken for the label, because its name says so"
    )
    assert lines[-1].startswith("next: make run RECIPE=")
    loaded = load_recipe(str(folder / "trial.yaml"))
    assert loaded.recipe.data.entities["item"].path == "rows [[]1]/a.csv"
    text = (folder / "trial.yaml").read_text()
    assert (
        "# Written by `make new`, which looked at 120 rows of 2 columns in rows [[]1]/a.csv."
        in text
    )
    assert "# - 'kind' is taken for the label" in text


def test_data_elsewhere_has_an_absolute_path(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("recipes")
    data = str(folder / "rows [1]" / "*.csv").replace("[", "[[]", 1)
    assert main(["trial", data, "--folder", str(elsewhere)]) == 0
    recipe = yaml.safe_load((elsewhere / "trial.yaml").read_text())
    assert recipe["data"]["entities"]["item"]["path"] == data


def test_nothing_is_overwritten(folder, capsys):
    (folder / "trial.pbtxt").write_text("mine")
    assert run(folder) == 2
    assert "trial.pbtxt exists, and may hold what you have changed" in capsys.readouterr().err
    assert (folder / "trial.pbtxt").read_text() == "mine"
    assert not (folder / "trial.yaml").exists()


@pytest.mark.parametrize(
    ("name", "data", "flags", "message"),
    [
        ("Trial", "rows [1]/a.csv", [], "Error: NAME: got 'Trial'; expected lower case letters"),
        ("trial", "no.csv", [], "no file matches"),
        ("trial", "rows [1]/a.csv", ["--label", "kid"], "Error: LABEL: got 'kid'; expected one of the columns of"),
        ("trial", "rows [1]/a.csv", ["--label", "x"], "Error: LABEL: no value of 'x' occurs twice"),
        ("trial", "rows [1]/a.csv", ["--edges", "no.csv"], "no file matches"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(folder, capsys, name, data, flags, message):
    assert run(folder, name, data, *flags) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.strip().splitlines()) == 1
    assert not list(folder.glob("*.yaml"))
