"""`setup.py sdist` is what Beam sends to workers: the whole project, no stack."""

import subprocess
import sys
import tarfile
from email.parser import HeaderParser

import pytest
from packaging.requirements import Requirement

from tests.env.checkout import git_files

PACKAGES = ("relation", "pipeline", "components", "trainer_module", "schemas", "demo_data")
DATA = (".py", ".yaml", ".pbtxt")


@pytest.fixture(scope="module")
def sdist(sources, tmp_path_factory):
    """Build the archive as Beam does."""
    folder = tmp_path_factory.mktemp("sdist")
    subprocess.run(
        [sys.executable, "setup.py", "-q", "sdist", "--dist-dir", str(folder)],
        cwd=sources,
        check=True,
    )
    (archive,) = folder.glob("relata-*.tar.gz")
    return archive


def test_it_holds_every_module_recipe_and_schema_and_nothing_else(sources, sdist):
    with tarfile.open(sdist) as tar:
        held = {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}
    wanted = {f for f in git_files() if f.split("/")[0] in PACKAGES and f.endswith(DATA)}
    assert wanted, "git tracks no package"
    assert wanted <= held
    assert {"LICENSE", "README.md", "pyproject.toml", "setup.py"} <= held
    assert {name.split("/")[0] for name in held if "/" in name} <= {*PACKAGES, "relata.egg-info"}


def test_it_asks_for_no_stack(sdist):
    with tarfile.open(sdist) as tar:
        (name,) = [n for n in tar.getnames() if n.count("/") == 1 and n.endswith("/PKG-INFO")]
        metadata = HeaderParser().parsestr(tar.extractfile(name).read().decode())
    needed = {
        requirement.name.lower()
        for requirement in map(Requirement, metadata.get_all("Requires-Dist"))
        if not requirement.marker or requirement.marker.evaluate({"extra": ""})
    }
    assert needed == {
        "google-crc32c",
        "isal",
        "jinja2",
        "matplotlib",
        "numpy",
        "pillow",
        "pydantic",
        "pyyaml",
        "rich",
        "scikit-learn",
        "scipy",
    }


def test_pip_installs_it_with_its_data(sdist, tmp_path):
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"),
            *("--no-build-isolation", "--target", str(tmp_path), str(sdist)),
        ],
        check=True,
    )
    installed = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")}
    wanted = {f for f in git_files() if f.split("/")[0] in PACKAGES and f.endswith(DATA)}
    assert wanted <= installed
    assert not {"tests", "bench", "scripts"} & {name.split("/")[0] for name in installed}
