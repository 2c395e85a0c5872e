"""docs/reference/schema.md says what the code does with its examples."""

import re
from pathlib import Path
from unicodedata import normalize

import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from relation.features.words import split_words
from relation.schema import Feature, domain_of, read_features, read_schema
from tests.docs.pages import DOCS, blocks
from trainer_module.preprocessing import transform

PAGE = "reference/schema.md"
TEXT = (DOCS / PAGE).read_text()
TABLES = [
    re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", part, re.MULTILINE)
    for part in TEXT.split("```proto")[1:]
]


def parsed(folder: Path, number: int) -> tuple[schema_pb2.Schema, dict[str, Feature]]:
    (folder / "schema.pbtxt").write_text(blocks(PAGE, "proto")[number])
    schema = read_schema(folder / "schema.pbtxt")
    return schema, read_features(schema)


@pytest.mark.parametrize("number", range(4))
def test_every_feature_is_of_the_stated_kind(tmp_path: Path, number: int) -> None:
    _, features = parsed(tmp_path, number)
    stated = {name: kind for name, kind, _ in TABLES[number]}
    assert {name: feature.kind.value for name, feature in features.items()} == stated


@pytest.mark.parametrize("number", range(3))
def test_every_feature_has_as_many_values(tmp_path: Path, number: int) -> None:
    _, features = parsed(tmp_path, number)
    stated = {name: int(width) for name, _, width in TABLES[number]}
    assert {name: feature.width for name, feature in features.items()} == stated


def test_domains_list_their_values_in_order(tmp_path: Path) -> None:
    schema, features = parsed(tmp_path, 3)
    for name, _, allowed in TABLES[3]:
        values = domain_of(schema, name)
        assert ("any" if values is None else ", ".join(values)) == allowed
    assert features["tags"].domain == features["known"].domain == "tag"


def test_words_are_cut_as_stated() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| ((?:`[^`]+` ?)+) \|$", TEXT, re.MULTILINE)
    assert len(rows) == 9
    for text, words in rows:
        cut = [word.decode() for word in split_words(tf.constant([text])).to_list()[0]]
        assert [normalize("NFKC", word) for word in cut] == re.findall("`([^`]+)`", words)


def test_numbers_of_words_are_as_stated() -> None:
    stated = (transform.COMMON_WORDS, transform.RARE_BUCKETS, transform.TEXT_WORDS)
    assert stated == (50_000, 1_024, 64)
    assert all(f"{number:,}" in TEXT for number in stated)
