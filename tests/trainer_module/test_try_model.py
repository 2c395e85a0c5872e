"""The command that tries a model: its rows are users' files, read within bounds."""

import struct

import google_crc32c
import pytest
import tensorflow as tf

from relation.files.checksums import masked
from trainer_module import try_model


class Model(tf.Module):
    """Embeds a row by its length and a constant; a row of no feature has no embedding."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def embed(self, examples):
        size = tf.cast(tf.strings.length(examples), tf.float32)
        return {"embedding": tf.stack([tf.where(size > 0, size, float("nan")), size * 0], axis=1)}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model in a folder that TensorFlow would take for a pattern."""
    folder = tmp_path_factory.mktemp("models") / "a [x]" / "1"
    module = Model()
    path = tmp_path_factory.mktemp("plain") / "1"
    tf.saved_model.save(module, str(path), signatures={"embed_item": module.embed})
    folder.parent.mkdir()
    path.rename(folder)
    return str(folder)


def write(path, *rows):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in rows:
            writer.write(row)
    return path


def row(number):
    example = tf.train.Example()
    example.features.feature["id"].bytes_list.value.append(b"x" * number)
    return example.SerializeToString()


def test_neighbours_of_rows_below_a_folder_of_any_name(model, tmp_path, capsys):
    (tmp_path / "b{c}").mkdir()
    write(tmp_path / "b{c}" / "a.tfrecord", row(1), b"", row(2), row(9))
    status = try_model.main([model, f"{tmp_path}/b[{{]c}}/*", "--queries", "1"])
    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "4 rows by embed_item: embeddings of 2 numbers",
        "1 rows without an embedding are left out",
        "",
        "id='x'",
        "  1.000  id='xx'",
        "  8.000  id='xxxxxxxxx'",
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_rows_than_neighbours(count, model, tmp_path, capsys):
    path = write(tmp_path / "a", *map(row, range(1, count + 1)))
    assert try_model.main([model, str(path)]) == 0
    assert capsys.readouterr().out.count("id='x'") == (0 if count == 1 else 2)


HUGE = struct.pack("<Q", 2**62)
CASES = {
    "huge": (HUGE + struct.pack("<I", masked(google_crc32c.value(HUGE))), "record 1: claims 4611"),
    "text": (b"id,label\n" * 9, "record 1: corrupted; is it a TFRecord file?"),
    "empty": (b"", "the files hold no row"),
}


@pytest.mark.parametrize("case", CASES)
def test_hostile_files_are_named_in_one_sentence(case, model, tmp_path, capsys):
    content, message = CASES[case]
    (tmp_path / "a").write_bytes(content)
    assert try_model.main([model, str(tmp_path / "a")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{tmp_path}/a: {message}")


@pytest.mark.parametrize(
    ("rows", "message"), [("none*", "no file matches"), ("", "is a folder; expected files")]
)
def test_rows_that_are_not_there(rows, message, model, tmp_path, capsys):
    assert try_model.main([model, f"{tmp_path}/{rows}"]) == 2
    assert message in capsys.readouterr().err


def test_what_is_no_example_and_what_is_no_model(model, tmp_path, capsys):
    path = write(tmp_path / "a", row(1), b"\xff\xff")
    assert try_model.main([model, str(path)]) == 2
    assert capsys.readouterr().err == f"{path}: record 2 is not a tf.Example\n"
    write(path, row(1))
    assert try_model.main([str(tmp_path), str(path)]) == 2
    assert capsys.readouterr().err == f"{tmp_path}: not a SavedModel\n"
