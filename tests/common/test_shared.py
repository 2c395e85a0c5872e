"""What components share: splits of edges, keys of values, files of an input, formats of examples."""

import hashlib

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components.common.beam_errors import user_error
from components.common.edge_splits import hashed_splits
from components.common.examples_artifact import check_formats, describe, split_globs, split_names
from components.common.hashing import Purpose, derived_id, hash_values, split_of
from components.common.input_files import InputFile, InputFileCoder, input_files
from components.common.tfrecord_writer import CHUNK, RecordWriter, framed, shard_name
from relation.core.errors import DataError, RecipeError, UserError
from relation.core.splitmix import multiply_shift, random_bits
from tests.relations import compiled

EDGES = {"type": "pairs", "source": {"type": "edges", "edges": "pairs"}}


def relation_of(left, right):
    tables = {
        "pairs": {
            "left": {"entity": left, "id": "a"},
            "right": {"entity": right, "id": "b"},
        }
    }
    return compiled({"user": "id", "item": "id"}, EDGES, edges=tables)


def keys(count):
    return hash_values([b"%d" % n for n in range(count)], integers=False)


def test_edges_go_to_splits_by_their_shares():
    relation = relation_of("user", "item")
    source, destination = keys(4000), keys(8000)[4000:]
    splits = hashed_splits(relation, (3, 1), source, destination)
    assert splits.dtype == np.uint8
    # Four standard deviations of a share of a quarter of 4,000.
    assert np.count_nonzero(splits == 1) == pytest.approx(1000, abs=4 * np.sqrt(4000 * 3 / 16))
    bits = random_bits(relation.seed, Purpose.SPLITS, source, destination)
    at = multiply_shift(bits, 4)
    assert splits.tolist() == (at >= 3).astype(int).tolist()
    turned = hashed_splits(relation, (3, 1), destination, source)
    assert (turned != splits).any()


def test_both_directions_between_entities_of_one_type_share_a_split():
    relation = relation_of("item", "item")
    source, destination = keys(500), keys(1000)[500:]
    splits = hashed_splits(relation, (1, 1, 1), source, destination)
    assert set(splits.tolist()) == {0, 1, 2}
    assert hashed_splits(relation, (1, 1, 1), destination, source).tolist() == splits.tolist()


def test_integers_never_hash_as_the_same_text():
    texts, integers = (hash_values([b"1", b"2", b"1"], integers=kind) for kind in (False, True))
    assert texts.dtype == np.uint64
    assert texts[0] == texts[2] != texts[1]
    assert not set(texts.tolist()) & set(integers.tolist())


def test_an_id_is_derived_from_what_an_entity_is():
    digest = hashlib.sha256(b"payload").hexdigest()
    assert derived_id(b"payload", integer=False) == digest[:32].encode()
    number = derived_id(b"payload", integer=True)
    assert int(number) == int(digest[:16], 16) // 2 < 2**63


def test_the_split_of_a_row_is_that_of_example_gen():
    bucket = int(hashlib.sha256(b"row").hexdigest(), 16) % 10
    for first in range(1, 10):
        assert split_of(b"row", (first, 10 - first)) == int(bucket >= first)
    assert split_of(b"row", (bucket, 1, 9 - bucket)) == 1


def test_files_of_an_input_are_listed_with_their_split_and_size(tmp_path):
    for folder, name, size in (("Split-eval", "b", 2), ("Split-train", "a", 1), ("plain", "c", 3)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(b"x" * size)
    patterns = [f"{tmp_path}/*/*", f"{tmp_path}/plain/*"]
    assert input_files("item", patterns) == [
        InputFile("item", f"{tmp_path}/Split-eval/b", "eval", 2),
        InputFile("item", f"{tmp_path}/Split-train/a", "train", 1),
        InputFile("item", f"{tmp_path}/plain/c", None, 3),
    ]
    assert {file.split for file in input_files("item", patterns, "test")} == {"test"}
    with pytest.raises(DataError, match=r"^input .*/nothing"):
        input_files("item", [f"{tmp_path}/nothing/*"])


def test_an_input_file_is_encoded_and_decoded():
    file, coder = InputFile("item", "/größe", None, 7), InputFileCoder()
    assert coder.decode(coder.encode(file)) == file
    assert coder.is_deterministic()
    assert coder.to_type_hint() is InputFile


def artifact(folder):
    examples = standard_artifacts.Examples()
    examples.uri = str(folder)
    return examples


def test_an_artifact_of_examples_says_what_it_holds(tmp_path):
    source = artifact(tmp_path / "source")
    source.span, source.version = 7, 3
    output = artifact(tmp_path)
    describe(output, source, ["train", "eval"])
    assert split_names(output) == ["train", "eval"]
    assert (output.span, output.version) == (7, 3)
    check_formats("tuples", output)
    assert split_globs(output, "eval") == [f"{tmp_path}/Split-eval/*"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (
            "payload_format",
            "FORMAT_PARQUET",
            "got payload format FORMAT_PARQUET; expected FORMAT_TF_EXAMPLE",
        ),
        ("file_format", "csv", "got file format csv; expected tfrecords_gzip"),
    ],
)
def test_another_format_is_refused(tmp_path, name, value, text):
    output = artifact(tmp_path)
    describe(output, artifact(tmp_path), ["train"])
    output.set_string_custom_property(name, value)
    with pytest.raises(DataError) as error:
        check_formats("tuples", output)
    assert str(error.value) == f"tuples: {text}"


def test_records_are_framed_a_mebibyte_at_a_time():
    half = b"x" * (CHUNK // 2)
    assert [count for _, count in framed([half] * 5)] == [2, 2, 1]
    assert [count for _, count in framed([half, half[:-1], b"", b"y", half])] == [4, 1]
    assert CHUNK == 1024 * 1024
    assert list(framed([])) == []


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "folder" / shard_name(2, 30)
    assert path.name == "data_tfrecord-00002-of-00030.gz"
    with RecordWriter(str(path)) as writer:
        writer.extend([b"a", b"b"])
        writer.extend([b"c"])
        assert not path.exists()
    assert writer.records == 3
    records = tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator()
    assert list(records) == [b"a", b"b", b"c"]
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    other = tmp_path / "other" / "x.gz"
    with pytest.raises(KeyError), RecordWriter(str(other)) as writer:
        raise KeyError
    assert not other.exists()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DataError("no id [while running 'Read']"), DataError("no id")),
        (RecipeError("bad"), RecipeError("bad")),
        (
            RuntimeError("Traceback\nrelation.core.errors.DataError: a: b [while running 'X']"),
            DataError("a: b"),
        ),
        (
            RuntimeError(
                "DataError: inner [while running 'X']\nUserError: outer [while running 'Y']"
            ),
            UserError("outer"),
        ),
        (RuntimeError("ValueError: no [while running 'X']"), None),
        (RuntimeError("DataError: not of a step"), None),
    ],
)
def test_the_error_that_a_worker_raised(error, expected):
    actual = user_error(error)
    assert (type(actual), str(actual)) == (type(expected), str(expected))
