"""The tfx command registers a recipe's pipeline, and calls the run in this process."""

from pipeline import local_runner, run
from pipeline.paths import RunPaths
from pipeline.runners.tfx_command import create_and_run
from tests.e2e.helpers import SCHEMA, digit_rows, write_recipe, write_rows


def test_what_the_run_prints_is_printed_and_its_status_returned(tmp_path, monkeypatch, capfd):
    (tmp_path / "schema.pbtxt").write_text(SCHEMA.read_text())
    write_rows(tmp_path / "rows" / "part.gz", digit_rows(20))
    recipe = write_recipe(tmp_path / "quick.yaml")
    monkeypatch.setenv("RELATA_RECIPE", str(recipe))
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path / "runs"))
    paths = RunPaths.of("quick")
    paths.make()
    monkeypatch.setenv("LOCAL_HOME", str(paths.cli))
    calls = []

    def called():
        calls.append(local_runner.recipe_name())
        print("said by the run")
        return 3

    assert create_and_run("quick", run.RUNNER, False, called) == 3
    assert calls == [str(recipe)]
    assert (paths.cli / "quick").exists()
    out, _ = capfd.readouterr()
    assert out == "said by the run\n"
