"""Images in folders named by class: unchanged bytes, id and label from the path."""

import pytest
import tensorflow as tf

from components.entity_gen.readers import image_folder
from components.entity_gen.records import LeftOut, ReadOptions


@pytest.mark.parametrize(
    "name", ["1.png", "2.JPG", "a b.jpeg", "é🐈.Png", "x.tar.png", "\u200b.png"]
)
@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00", b"", b"\xff\xd8" * (1 << 20)])
def test_a_file_is_a_row(tmp_path, name, content):
    folder = tmp_path / "pets" / "cat"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    [row] = image_folder.read(str(folder / name), ReadOptions(folder=str(tmp_path / "pets")))
    expected = tf.train.Example()
    for feature, value in {"id": f"cat/{name}".encode(), "image": content, "label": b"cat"}.items():
        expected.features.feature[feature].bytes_list.value.append(value)
    assert row == expected


def test_a_file_that_is_too_large_is_a_bad_row_and_is_not_read(tmp_path):
    path = tmp_path / "a.png"
    with path.open("wb") as file:
        file.truncate(2**40)  # Without blocks on the disk.
    [fault] = image_folder.read(str(path), ReadOptions(folder=str(tmp_path)))
    assert fault.shown == "got a file of 1099511627776 bytes; expected at most 134217728"


@pytest.mark.parametrize(
    "name", ["a.gif", "png", "a.png.txt", ".DS_Store", "a.png ", "a.png\u200b"]
)
def test_other_files_are_left_out(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    assert list(image_folder.read(str(tmp_path / name), ReadOptions(folder=str(tmp_path)))) == [
        LeftOut("not_an_image_file")
    ]


def test_nested_folders_have_features_if_the_schema_names_them(tmp_path):
    for name in ("latin/a", "greek/a"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "1.png").write_bytes(b"x")
    named = dict.fromkeys(("id", "image", "label", "folder", "folder_1"), "bytes")
    texts = [
        {
            feature: row.features.feature[feature].bytes_list.value[0]
            for feature in sorted(row.features.feature)
            if feature != "image"
        }
        for name in ("latin/a", "greek/a")
        for row in image_folder.read(
            str(tmp_path / name / "1.png"), ReadOptions(named, folder=str(tmp_path))
        )
    ]
    assert texts == [
        {"folder": b"latin/a", "folder_1": b"latin", "id": b"latin/a/1.png", "label": b"a"},
        {"folder": b"greek/a", "folder_1": b"greek", "id": b"greek/a/1.png", "label": b"a"},
    ]


def test_a_file_without_a_folder_has_no_levels():
    assert image_folder.folder_levels("1.png") == {}
