"""The built wheel, installed outside the clone, runs a recipe of a folder that holds nothing else."""

import json
import os
import subprocess
import sys

import pytest

from tests.env.checkout import ROOT
from tests.fixtures.upgrade.record import NAME, copy_inputs

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def installed(sources, tmp_path_factory):
    """A folder that pip installed the wheel in."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip"]
    offline = ["--quiet", "--no-index", "--no-deps"]
    build = [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", str(folder), "."]
    subprocess.run(build, cwd=sources, check=True)
    (wheel,) = folder.glob("relata-*.whl")
    site = folder / "site"
    subprocess.run([*pip, "install", *offline, "--target", str(site), str(wheel)], check=True)
    return site


def python(site, folder, *arguments):
    """Runs the environment's Python in a folder, with the installed packages before the clone."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("RELATA_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=variables | {"PYTHONPATH": str(site)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_it_runs_a_recipe_in_the_current_folder(installed, tmp_path):
    where = python(installed, tmp_path, "-c", "import pipeline; print(pipeline.__file__)")
    assert where.stdout.strip() == str(installed / "pipeline" / "__init__.py")
    packaged = {path.name for path in installed.iterdir()}

    copy_inputs(tmp_path)
    done = python(installed, tmp_path, "-m", "pipeline.run", f"{NAME}.yaml")
    assert done.returncode == 0, done.stdout
    runs = tmp_path / "runs" / NAME
    verdict = json.loads((runs / "verdict.json").read_text())
    assert verdict["verdict"] == "blessed"
    assert (runs / "serving" / verdict["pushed_version"] / "saved_model.pb").is_file()
    assert "<svg" in (runs / "report" / "index.html").read_text()
    (log,) = (runs / "logs").iterdir()
    assert str(ROOT / "pipeline") not in log.read_text()
    assert {path.name for path in installed.iterdir()} == packaged  # Nothing was written there.


def test_shipped_recipes_and_their_schemas_are_in_it(installed, tmp_path):
    script = (
        "from relation.load import RECIPES, load_recipe\n"
        "names = sorted(path.stem for path in RECIPES.glob('*.yaml'))\n"
        "schemas = [p for name in names for p in load_recipe(name).schema_paths.values()]\n"
        "print(len(names), *sorted({str(p.parent) for p in schemas}))"
    )
    done = python(installed, tmp_path, "-c", script)
    count, *folders = done.stdout.splitlines()[-1].split()
    assert int(count) == len(list((ROOT / "pipeline" / "recipes").glob("*.yaml")))
    assert folders == [str(installed / "schemas")]
