"""A CSV file that names image files: their bytes stand in the place of their paths."""

from components.entity_gen.readers import image_manifest
from components.entity_gen.records import Fault, ReadOptions

OPTIONS = ReadOptions({"id": "bytes", "photo": "bytes", "n": "int"}, images=["photo"])


def write(folder, *lines):
    (folder / "m").mkdir()
    (folder / "m" / "1.png").write_bytes(b"one")
    (folder / "2.jpg").write_bytes(b"two")
    path = folder / "m" / "index.csv"
    path.write_text("\n".join(["id,photo,n", *lines]))
    return str(path)


def test_paths_are_relative_to_the_manifest_or_absolute(tmp_path):
    path = write(tmp_path, "a,1.png,1", "b,../2.jpg,2", f"c,{tmp_path}/2.jpg,3", "d,,4")
    rows = [row.features.feature for row in image_manifest.read(path, OPTIONS)]
    assert [row["id"].bytes_list.value[0] for row in rows] == [b"a", b"b", b"c", b"d"]
    photos = [list(row["photo"].bytes_list.value) if "photo" in row else [] for row in rows]
    assert photos == [[b"one"], [b"two"], [b"two"], []]
    assert [row["n"].int64_list.value[0] for row in rows] == [1, 2, 3, 4]


def test_a_file_that_is_not_there_or_too_large_is_a_bad_row(tmp_path):
    path = write(tmp_path, "a,no.png,1", "b,large.png,2", "c,1.png,x", "d,1.png,4")
    with (tmp_path / "m" / "large.png").open("wb") as file:
        file.truncate(2**40)
    missing, large, wrong, good = image_manifest.read(path, OPTIONS)
    assert missing == Fault(
        "names an image that is not there",
        f"line 2, column 'photo': there is no file {tmp_path}/m/no.png",
    )
    assert large.shown == (
        "line 3, column 'photo': got a file of 1099511627776 bytes; expected at most 134217728"
    )
    assert wrong.shown.startswith("line 4, column 'n': got 'x'")
    assert good.features.feature["photo"].bytes_list.value[0] == b"one"
