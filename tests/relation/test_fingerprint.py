"""Fingerprints follow the sources that a component runs, and no others."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from relation.core.fingerprint import code_fingerprint, content_fingerprint
from relation.load import PROJECT

TRAINER, TRANSFORM = "trainer_module.run_fn", "trainer_module.preprocessing.transform"
RELATION_GEN = "components.relation_gen.executor"


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for package in ("relation", "components", "trainer_module"):
        shutil.copytree(PROJECT / package, folder / package)
    return folder


def _fingerprints(project: Path) -> dict[str, str]:
    script = (
        "from relation.core.fingerprint import code_fingerprint as f\n"
        f"for m in {[TRAINER, TRANSFORM, RELATION_GEN]!r}: print(f(m))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    return dict(zip((TRAINER, TRANSFORM, RELATION_GEN), done.stdout.split(), strict=True))


@pytest.mark.parametrize(
    ("edited", "changed"),
    [
        ("trainer_module/losses/triplet.py", {TRAINER}),  # Named by a string in a registry.
        ("trainer_module/towers/__init__.py", {TRAINER}),
        ("trainer_module/preprocessing/transform.py", {TRAINER, TRANSFORM}),  # Vocabularies.
        ("components/relation_gen/sampling/without_replacement.py", {RELATION_GEN}),
        ("relation/spec.py", {TRAINER, TRANSFORM, RELATION_GEN}),
        ("components/pusher/executor.py", set()),
    ],
)
def test_an_edit_changes_the_fingerprints_of_what_runs_it(copy, edited, changed):
    before = _fingerprints(copy)
    source = copy / edited
    original = source.read_text()
    source.write_text(original + "\n# edited\n")
    after = _fingerprints(copy)
    source.write_text(original)
    assert {name for name in before if before[name] != after[name]} == changed
    assert _fingerprints(copy) == before


def test_fingerprints_are_short_and_stable():
    assert code_fingerprint(TRAINER) == code_fingerprint(TRAINER)
    assert len(code_fingerprint(TRAINER)) == 16
    # sha256("abc"), the example of FIPS 180-2.
    assert content_fingerprint(b"abc") == "ba7816bf8f01cfea"
