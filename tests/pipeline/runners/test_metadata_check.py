"""What is wrong with ML Metadata's database is said with its file and a remedy."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest
from ml_metadata import errors
from tfx.orchestration import metadata

from pipeline.runners import metadata_check
from pipeline.runners.metadata_check import fault, require_usable
from relation.core.errors import UserError


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "metadata.sqlite"
    with metadata.Metadata(metadata.sqlite_metadata_connection_config(str(path))):
        pass
    return path


def damaged(path):
    return (
        f"{path}: the database of runs is damaged; move it away; the next run makes a new one and "
        "runs all components again (served models stay)"
    )


def test_a_sound_or_absent_database_passes_unchanged(database, tmp_path):
    before = database.read_bytes()
    require_usable(database)
    assert database.read_bytes() == before
    require_usable(tmp_path / "absent.sqlite")
    assert not (tmp_path / "absent.sqlite").exists()


@pytest.mark.parametrize("content", [b"no database at all" * 99, b"\0" * 5000])
def test_a_file_of_another_kind_is_named(content, tmp_path):
    path = tmp_path / "metadata.sqlite"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        require_usable(path)
    assert str(error.value) == damaged(path)


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_truncated_database_is_damaged(cut, database):
    content = database.read_bytes()
    database.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(UserError) as error:
        require_usable(database)
    assert str(error.value) == damaged(database)


def test_an_overwritten_page_is_damaged(database):
    content = bytearray(database.read_bytes())
    content[4096 : 2 * 4096] = b"\xff" * 4096
    database.write_bytes(content)
    with pytest.raises(UserError) as error:
        require_usable(database)
    assert str(error.value) == damaged(database)


def test_a_locked_database_is_named_after_a_while(database, monkeypatch):
    monkeypatch.setattr(metadata_check, "SECONDS", 0.1)
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UserError) as error:
            require_usable(database)
    assert str(error.value) == (
        f"{database}: the database of runs is locked by another program; end that program or wait "
        "for it"
    )
    require_usable(database)


NOT_AS_ROOT = """
import os, pathlib, sys
from pipeline.runners.metadata_check import require_usable
if os.getuid() == 0:  # Root may write anything.
    os.setuid(65534)
require_usable(pathlib.Path(sys.argv[1]))
"""


def test_a_read_only_database_is_named(database):
    database.chmod(0o444)
    if os.getuid() == 0:
        for folder in database.parents[:-1]:
            folder.chmod(folder.stat().st_mode | 0o755)
    command = [sys.executable, "-c", NOT_AS_ROOT, str(database)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stderr.strip().splitlines()[-1] == (
        f"relation.core.errors.UserError: {database}: the database of runs cannot be written; make "
        "the file and its folder writable"
    )


def test_errors_of_ml_metadata_lose_their_sql(tmp_path):
    path = tmp_path / "metadata.sqlite"
    texts = {
        "Error when executing query: database disk image is malformed query: SELECT": "is damaged",
        "attempt to write a readonly database query: INSERT INTO": "cannot be written",
        "database is locked query: INSERT": "is locked by another program",
        "database or disk is full query: INSERT": "cannot grow because the disk is full",
        "disk I/O error query: INSERT": "cannot be read or written",
    }
    for text, what in texts.items():
        sentence = fault(path, str(errors.InternalError(text)))
        assert sentence.startswith(f"{path}: the database of runs {what}; ")
        assert "query" not in sentence
    assert fault(path, "type Model has no property 'x'") is None
