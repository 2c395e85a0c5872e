"""Globs of users' files: wildcards that stand for themselves, stray files, and why none matches."""

import os

import pytest

from relation.core.errors import DataError
from relation.files.globs import is_stray, literal_folder, matching_files
from relation.files.wildcards import escape


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("/data/*.csv", "/data"),
        ("/data/2024-*/a.csv", "/data"),
        ("/data/a.csv", "/data"),
        ("/*.csv", "/"),
        ("*.csv", "."),
        ("data/[ab]/x", "data"),
        ("/br [[]old]/*.csv", "/br [old]"),
        ("/what[?]/a[*]b/c[[]d[]/*", "/what?/a*b"),
        ("/data/{SPAN}/*.csv", "/data"),
        ("/data/[{]SPAN}/*.csv", "/data/{SPAN}"),
        (r"/a\\b/\*c/*.csv", r"/a\b/*c"),
        ("gs://bucket/a/*", "gs://bucket/a"),
    ],
)
def test_the_folder_before_the_first_wildcard(pattern, folder):
    assert literal_folder(pattern) == folder


@pytest.mark.parametrize(
    ("path", "stray"),
    [
        ("cat/0.png", False),
        ("cat/._0.png", True),
        (".ipynb_checkpoints/0.png", True),
        ("cat/.ipynb_checkpoints/0-checkpoint.png", True),
        ("__MACOSX/cat/0.png", True),
        ("__MACOSX", True),
        (".DS_Store", True),
        ("@eaDir/0.png", True),
        ("$RECYCLE.BIN/0.png", True),
        ("a.b/__MACOSX.png", False),
        ("_SUCCESS", False),
    ],
)
def test_files_that_no_person_put_there(path, stray):
    assert is_stray(f"/home/.cache/__MACOSX/pets/{path}", "/home/.cache/__MACOSX/pets") is stray


def put(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


NAMES = ["br [old]", "[", "a*b", "what?", "größe x", "date=2024-01-01", "{SPAN}", "\\", "a\\[b]"]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_any_name_is_read_where_its_wildcards_are_escaped(tmp_path, name):
    put(tmp_path / name, "b.csv", "a.csv")
    put(tmp_path, "o/c.csv", "a/c.csv", "what!/c.csv")  # What an unescaped one would match.
    pattern = f"{tmp_path}/{escape(name)}/*.csv"
    assert matching_files(pattern) == [str(tmp_path / name / n) for n in ("a.csv", "b.csv")]
    assert literal_folder(pattern) == str(tmp_path / name)
    assert "{SPAN}" not in pattern


def test_folders_are_no_files(tmp_path):
    put(tmp_path, "a", "b/c")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert matching_files(f"{tmp_path}/*") == [str(tmp_path / "a")]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("none/*.csv", "no file matches"),
        ("br [old]/*.csv", "no file matches; [ begins a set of characters, so write [[] for it: FOLDER/br [[]old]/*.csv"),
        ("br [new]/*.csv", "no file matches"),
        (r"o\d/*.csv", r"no file matches; \ makes the next character stand for itself, so write \\ for it: FOLDER/o\\d/*.csv"),
        ("b", "is a folder; expected files, for example FOLDER/b/*"),
    ],
)  # fmt: skip
def test_why_no_file_matches(tmp_path, pattern, message):
    put(tmp_path, "br [old]/a.csv", r"o\d/a.csv", "b/c")
    with pytest.raises(DataError) as raised:
        matching_files(f"{tmp_path}/{pattern}")
    expected = message.replace("FOLDER", str(tmp_path))
    assert str(raised.value) == f"{tmp_path}/{pattern}: {expected}"


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match=r"pipe: is a pipe or a device; expected a file"):
        matching_files(f"{tmp_path}/*")
