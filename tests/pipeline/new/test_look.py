"""How files are looked at: formats, types of columns, what is left out."""

import datetime
import io
import json

import pyarrow as pa
import pytest
import tensorflow as tf
from PIL import Image
from pyarrow import parquet

from pipeline.new.rows.look import look, typed
from pipeline.new.rows.table import Column
from relation.core.errors import DataError


def types(table):
    return {name: column.dtype for name, column in table.columns.items()}


def test_csv_columns_have_the_type_that_fits(tmp_path):
    (tmp_path / "a.csv").write_text('i,x,code,t,none\n1,1,007,"a, b",\n-2,2.5,8,c,\n')
    table = look("a.csv", tmp_path)
    assert types(table) == {
        "i": "int",
        "x": "float",
        "code": "bytes",
        "t": "bytes",
        "none": "bytes",
    }
    assert table.columns["t"].entries == ((b"a, b",), (b"c",))
    assert table.columns["none"].entries == ((), ())
    assert (table.path, table.file_format, table.rows, table.whole) == ("a.csv", "csv", 2, True)


def test_a_few_cells_that_are_not_numbers_are_noted():
    column = Column("n", "bytes", (*((b"%d.5" % n,) for n in range(40)), (b"x",)))
    numbers, note = typed(column)
    assert numbers.dtype == "float"
    assert numbers.entries[-1] == ()
    assert note == (
        "column 'n' holds numbers, but 1 of its cells do not, such as 'x': their rows are skipped, "
        "unless `missing` names such texts"
    )
    code = Column("zip", "bytes", column.entries)
    assert typed(code) == (code, "")
    many = Column("n", "bytes", ((b"1",), (b"x",)))
    assert typed(many) == (many, "")


def test_texts_that_stand_for_a_missing_value(tmp_path):
    (tmp_path / "a.csv").write_text("n,c,t\n1,x,-\nNA,?,a\n3,NA,b\n")
    table = look("a.csv", tmp_path)
    assert table.missing == ("?", "NA")
    assert table.columns["n"].entries == ((1,), (), (3,))
    assert table.columns["c"].entries == ((b"x",), (), ())
    assert table.columns["t"].entries == ((b"-",), (b"a",), (b"b",))


def test_the_first_rows_of_every_file_are_looked_at(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("x\n" + "\n".join(name * n for n in range(1, 9)))
    (tmp_path / "notes.txt").write_text("no")
    table = look("*", tmp_path, rows=4)
    assert table.columns["x"].values == [b"a", b"aa", b"b", b"bb"]
    assert not table.whole


def test_parquet_lists_and_what_cannot_be_read(tmp_path):
    columns = {
        "tags": [["a"], [], ["b", "c"]],
        "n": [1, None, 3],
        "when": [datetime.date(2024, 1, 1)] * 3,
    }
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    table = look("a.parquet", tmp_path)
    assert table.columns["tags"].entries == ((b"a",), (), (b"b", b"c"))
    assert table.columns["n"].entries == ((1,), (), (3,))
    [note] = table.notes
    assert note.startswith(
        "column 'when' is left out, because it has the type date32[day]: convert it"
    )


def test_json_lines_and_tfrecord(tmp_path):
    rows = [{"n": n, "tags": ["a"] * n} for n in range(3)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    table = look("a.jsonl", tmp_path)
    assert table.file_format == "jsonl"
    assert table.columns["tags"].entries == ((), (b"a",), (b"a", b"a"))
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        example = tf.train.Example()
        example.features.feature["n"].int64_list.value.append(5)
        writer.write(example.SerializeToString())
    assert look("a.tfrecord", tmp_path).columns["n"].entries == ((5,),)


def png(tmp_path, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    Image.new("L", (4, 4)).save(file, "PNG")
    (tmp_path / name).write_bytes(file.getvalue())


def test_folders_of_images(tmp_path):
    for name in ("pets/cat/1.png", "pets/dog/1.png", "pets/.hidden/2.png"):
        png(tmp_path, name)
    table = look("pets", tmp_path)
    assert (table.path, table.file_format) == ("pets/*/*", "image_folder")
    assert table.columns["label"].entries == ((b"cat",), (b"dog",))
    assert "folder" not in table.columns
    png(tmp_path, "letters/latin/a/1.png")
    png(tmp_path, "letters/greek/a/1.png")
    table = look("letters", tmp_path)
    assert table.path == "letters/*/*/*"
    assert table.columns["folder"].entries == ((b"greek/a",), (b"latin/a",))


def test_a_manifest_of_images(tmp_path):
    png(tmp_path, "images/1.png")
    (tmp_path / "index.csv").write_text("photo,n\nimages/1.png,3\nimages/2.png,4\n")
    table = look("index.csv", tmp_path)
    assert table.file_format == "image_manifest"
    assert table.columns["photo"].values[0].startswith(b"\x89PNG")
    assert table.columns["n"].entries == ((3,),)
    assert "there is no file" in table.notes[0]


@pytest.mark.parametrize("damage", [b"no image", b"\x89PNG\r\n\x1a\n and no more"])
def test_images_that_cannot_be_decoded_are_left_out_and_noted(tmp_path, damage):
    for name in ("pets/cat/1.png", "pets/dog/1.png"):
        png(tmp_path, name)
    (tmp_path / "pets/cat/2.png").write_bytes(damage)
    table = look("pets", tmp_path)
    assert table.columns["label"].entries == ((b"cat",), (b"dog",))
    assert table.notes == (
        "1 of 3 rows are skipped, since an image cannot be decoded: the first, cat/2.png, is "
        "undecodable",
    )
    (tmp_path / "index.csv").write_text("photo\npets/cat/2.png\npets/dog/1.png\n")
    assert look("index.csv", tmp_path).notes == (
        "1 of 2 rows are skipped, since an image cannot be decoded: the first, row 1, is "
        "undecodable",
    )
    whole = (tmp_path / "pets/dog/1.png").read_bytes()
    columns = {"id": ["a", "b", "c"], "photo": [whole, damage, whole]}
    parquet.write_table(pa.table(columns), tmp_path / "photos.parquet")
    table = look("photos.parquet", tmp_path)
    assert table.columns["photo"].values == [whole, whole]
    assert table.notes[0].startswith("1 of 3 rows are skipped")
    assert "the first, b, is undecodable" in table.notes[0]


def test_files_that_are_called_images_and_hold_none_are_refused(tmp_path):
    for name in ("cat/1.png", "dog/1.png"):
        (tmp_path / "pets" / name).parent.mkdir(parents=True)
        (tmp_path / "pets" / name).write_bytes(b"no image")
    message = (
        r"^DATA: .*pets/\*/\*: none of 2 images can be decoded: the first, cat/1.png, is "
        r"undecodable; expected PNG or JPEG$"
    )
    with pytest.raises(DataError, match=message):
        look("pets", tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "x", r"got a format that its name does not tell; expected \.csv"),
        ("a.csv", "", r"a\.csv: line 1: empty; expected a header row"),
        ("a.csv", "x\n", r"DATA: .*a\.csv: holds no usable row"),
    ],
)
def test_what_cannot_be_looked_at(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        look(name, tmp_path)


def test_braces_and_missing_files(tmp_path):
    with pytest.raises(DataError, match="braces stand for spans"):
        look("a{SPAN}.csv", tmp_path)
    with pytest.raises(DataError, match="no file matches"):
        look("no.csv", tmp_path)


@pytest.mark.parametrize(
    ("names", "shown"),
    [(["a.csv", "b.parquet"], r"\.csv, \.parquet"), (["notes.txt"], "no file of a known format")],
)
def test_a_folder_has_files_of_one_format(tmp_path, names, shown):
    for name in names:
        (tmp_path / "rows" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "rows" / name).touch()
    with pytest.raises(DataError, match=f"^DATA: rows: got {shown}; expected files of one format"):
        look("rows", tmp_path)
