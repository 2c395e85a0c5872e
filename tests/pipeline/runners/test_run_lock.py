"""One run of a recipe at a time; the lock ends with its process, however that ends."""

import os
import re
import subprocess
import sys

import pytest

from pipeline.runners.run_lock import holder, locked, require_free
from relation.core.errors import UserError

HOLD = """
import sys, pathlib
from pipeline.runners.run_lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock of `tmp_path / "cats" / ".lock"`."""
    (tmp_path / "cats").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "cats" / ".lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_lock_names_its_process_and_is_refused_to_others(other, tmp_path):
    path = tmp_path / "cats" / ".lock"
    assert holder(path) == other.pid
    sentence = (
        re.escape(f"{tmp_path / 'cats'}: another run of this recipe is in progress (process ")
        + rf"{other.pid}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\); wait for its end, or set "
        "RELATA_RUNS to another folder"
    )
    for attempt in (require_free, lambda path: locked(path).__enter__()):
        with pytest.raises(UserError) as refused:
            attempt(path)
        assert re.fullmatch(sentence, str(refused.value))
    assert holder(path) == other.pid


def test_a_killed_process_frees_its_lock(other, tmp_path):
    path = tmp_path / "cats" / ".lock"
    other.kill()
    other.wait()
    assert holder(path) is None
    require_free(path)
    with locked(path):
        assert path.read_text().split()[0] == str(os.getpid())


def test_a_lock_is_taken_again_after_its_end(tmp_path):
    path = tmp_path / ".lock"
    require_free(path)
    assert holder(path) is None
    for _ in range(2):
        with locked(path), pytest.raises(UserError, match=f"process {os.getpid()},"):
            require_free(path)
        assert path.read_text() == ""
    with pytest.raises(ValueError, match="inner"), locked(path):
        raise ValueError("inner")
    require_free(path)
