"""The project's own files: lock, constraints, commands, Keras 3."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from scripts.choose_stack import STACKS
from scripts.find_uv import find_uv
from scripts.lock import constraints_path, export_constraints

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("relation", "pipeline", "components", "trainer_module", "schemas", "demo_data")
STACK_NAMES = [stack.name for stack in STACKS]


@pytest.fixture(scope="module")
def uv():
    path = find_uv()
    assert path, "`make env` should have brought uv"
    return path


def requirements(text):
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]


def pins(text, python):
    """Return the constrained versions on one version of Python, by name."""
    environment = {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": "linux",
        "platform_machine": "x86_64",
    }
    versions = {}
    for requirement in requirements(text):
        if not requirement.marker or requirement.marker.evaluate(environment):
            (specifier,) = requirement.specifier
            assert requirement.name not in versions, f"{requirement.name} is pinned twice"
            versions[requirement.name] = Version(specifier.version)
    return versions


@pytest.mark.parametrize("python", ["3.10.5", "3.11.2", "3.11.7", "3.12.3", "3.13.5"])
@pytest.mark.parametrize("stack", STACK_NAMES)
def test_constraints_equal_the_lock(stack, python, uv):
    """Compare meanings, because versions of uv write the same markers differently."""
    written = pins(constraints_path(stack).read_text(), python)
    assert len(written) > 100
    assert written == pins(export_constraints(stack, uv), python), "run `make lock`"


def test_lock_fits_pyproject(uv):
    done = subprocess.run(
        [uv, "lock", "--check", "--offline"], cwd=ROOT, capture_output=True, text=True
    )
    if "network was disabled" in done.stderr:
        pytest.skip("uv cannot tell without its cache of the index")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("stack", STACK_NAMES)
def test_constraints_are_plain_pins_as_pip_wants_them(stack):
    for pin in requirements(constraints_path(stack).read_text()):
        assert not pin.extras, pin
        assert not pin.url, pin
        assert [s.operator for s in pin.specifier] == ["=="], pin


@pytest.mark.parametrize(
    ("stack", "python", "tfx", "tensorflow"),
    [
        *(("tfx121", python, "1.21", "2.21") for python in ("3.10", "3.11", "3.12", "3.13")),
        *(("tfx116", python, "1.16", "2.16") for python in ("3.10", "3.11")),
    ],
)
def test_each_stack_on_each_python(stack, python, tfx, tensorflow):
    versions = pins(constraints_path(stack).read_text(), f"{python}.5")
    assert str(versions["tfx"]).startswith(f"{tfx}.")
    assert str(versions["tensorflow"]).startswith(f"{tensorflow}.")
    assert versions["keras"].major == 3
    assert versions["apache-airflow"].major == 2
    assert not versions["apache-beam"].is_prerelease
    assert {"kfp", "pip", "pytest", "ruff", "mypy"} <= set(versions)


def test_stacks_on_python_match_the_choice():
    assert {s.name: sorted(s.pythons) for s in STACKS} == {
        "tfx121": [(3, 10), (3, 11), (3, 12), (3, 13)],
        "tfx116": [(3, 10), (3, 11)],
    }


@pytest.mark.parametrize(
    "goal",
    [
        *(
            "help",
            "env",
            "run",
            "new",
            "test",
            "test-unit",
            "test-debian13",
            "bench",
            "lint",
            "format",
        ),
        *("lock", "clean", "distclean"),
    ],
)
def test_make_has_the_targets(goal):
    done = subprocess.run(["make", "--dry-run", goal], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_make_run_names_the_recipe_and_starts_the_driver():
    plan = subprocess.run(
        ["make", "--dry-run", "run", "RECIPE=digits_pairs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    assert "scripts.make_env run" in plan
    assert 'RELATA_RECIPE="digits_pairs"' in plan
    assert ".venv/bin/python -m pipeline.run" in plan


TF_KERAS = re.compile(
    r"\btf\.keras\b|\btensorflow\.keras\b|\bfrom tensorflow import .*\bkeras\b|\bimport tf_keras\b"
)


def test_keras_3_throughout():
    """`tf.keras` is Keras 2 or 3 by what was imported first; `import keras` is always Keras 3."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    sources = [ROOT / f for f in files if f.split("/")[0] in (*PACKAGES, "bench")]
    faults = [
        f"{source.relative_to(ROOT)}:{number}: {line.strip()}"
        for source in sources
        if source.exists()
        for number, line in enumerate(source.read_text().splitlines(), 1)
        if TF_KERAS.search(line) and not line.lstrip().startswith("#")
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "line",
    [
        "model = tf.keras.Model()",
        "from tensorflow import keras",
        "import tensorflow.keras as k",
        "from tensorflow import io, keras",
    ],
)
def test_the_ban_sees_each_way_to_write_it(line):
    assert TF_KERAS.search(line)


@pytest.mark.parametrize(
    "line", ["import keras", "from keras import layers", "tf.io.gfile.glob(keras)"]
)
def test_the_ban_lets_keras_3_pass(line):
    assert not TF_KERAS.search(line)


def test_commands_run_as_in_the_activated_environment_and_keep_bytecode():
    """Bytecode, or each process compiles all of TFX."""
    rule = "activated: ; @$(ACTIVATED) env"
    strange = {"PYTHONHOME": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["make", "--silent", "--no-print-directory", f"--eval={rule}", "activated"],
        cwd=ROOT,
        env={**os.environ, **strange},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    variables = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert not strange.keys() & variables.keys()
    assert variables["VIRTUAL_ENV"] == f"{ROOT}/.venv"
    assert variables["PATH"].startswith(f"{ROOT}/.venv/bin:")
