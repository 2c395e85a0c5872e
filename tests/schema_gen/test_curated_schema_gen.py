"""The schema file is copied, and its content is part of the cache key."""

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import standard_artifacts

from components.schema_gen.component import CuratedSchemaGen
from relation.core.fingerprint import content_fingerprint

SCHEMA = 'feature { name: "x" type: INT }\n'


def node(path):
    return CuratedSchemaGen(str(path), content_fingerprint(path.read_bytes()))


def run(step, folder):
    artifact = standard_artifacts.Schema()
    artifact.uri = str(folder)
    folder.mkdir()
    step.executor_spec.executor_class().Do({}, {"schema": [artifact]}, step.exec_properties)
    return (folder / "schema.pbtxt").read_text()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "mine.pbtxt"
    path.write_text(SCHEMA)
    return path


def test_copies_the_file(path, tmp_path):
    copied = text_format.Parse(run(node(path), tmp_path / "out"), schema_pb2.Schema())
    assert [feature.name for feature in copied.feature] == ["x"]


def test_an_edited_file_is_another_execution(path):
    before = node(path).exec_properties
    assert before == {
        "schema_file": str(path),
        "content_fingerprint": content_fingerprint(SCHEMA.encode()),
    }
    assert node(path).exec_properties == before
    path.write_text(SCHEMA.replace("INT", "FLOAT"))
    after = node(path).exec_properties
    assert after["schema_file"] == before["schema_file"]
    assert after["content_fingerprint"] != before["content_fingerprint"]


def test_node_id_and_output(path):
    step = node(path)
    assert step.id == "ImportSchemaGen"
    assert list(step.outputs) == ["schema"]
