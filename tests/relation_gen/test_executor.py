import json
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, channel_utils, standard_artifacts

from components.relation_gen.component import RelationGen
from components.relation_gen.executor import Executor
from relation.core import fingerprint
from relation.core.errors import DataError
from relation.schema import tuple_schema
from tests.relation_gen.helpers import SCHEMA, request, row, tuples, write

ROWS = {
    split: [row(id=b"%s-%d" % (split.encode(), n), label=n % 3, x=[1.0]) for n in range(20)]
    for split in ("train", "eval")
}


@pytest.fixture
def artifacts(tmp_path: Path) -> tuple[dict, dict]:
    examples, schema = standard_artifacts.Examples(), standard_artifacts.Schema()
    examples.uri, schema.uri = str(tmp_path / "examples"), str(tmp_path / "schema")
    examples.split_names = artifact_utils.encode_split_names(["train", "eval"])
    examples.span, examples.version = 3, 2
    examples_utils.set_payload_format(examples, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(examples, "tfrecords_gzip")
    for split in ("train", "eval"):
        name = "data_tfrecord-00000-of-00001.gz"
        write(tmp_path / "examples" / f"Split-{split}" / name, ROWS[split])
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "schema.pbtxt").write_text(text_format.MessageToString(SCHEMA))
    made, described = standard_artifacts.Examples(), standard_artifacts.Schema()
    made.uri, described.uri = str(tmp_path / "tuples"), str(tmp_path / "tuple_schema")
    for artifact in (made, described):  # As TFX's launcher does.
        Path(artifact.uri).mkdir()
    return (
        {"examples": [examples], "schema": [schema]},
        {"tuples": [made], "tuple_schema": [described]},
    )


def execute(artifacts, **sampling: int) -> standard_artifacts.Examples:
    inputs, outputs = artifacts
    properties = {"request": request(**sampling).model_dump_json(), "code_fingerprint": "1"}
    Executor().Do(inputs, outputs, properties)
    return outputs["tuples"][0]


def test_the_output_keeps_the_contract_of_an_examples_artifact(artifacts):
    made = execute(artifacts, triplets_per_anchor=2)
    assert artifact_utils.decode_split_names(made.split_names) == ["train", "eval", "entities"]
    assert examples_utils.get_payload_format_string(made) == "FORMAT_TF_EXAMPLE"
    assert examples_utils.get_file_format(made) == "tfrecords_gzip"
    assert (made.span, made.version) == (3, 2)
    root = Path(made.uri)
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()) == [
        "Split-entities/data_tfrecord-00000-of-00001.gz",
        "Split-eval/data_tfrecord-00000-of-00001.gz",
        "Split-train/data_tfrecord-00000-of-00001.gz",
        "relation_stats.json",
    ]
    assert len(tuples(root, "train")) == len(tuples(root, "eval")) == 40
    expected = {
        "tuples_train": 40,
        "tuples_eval": 40,
        "entities_train": 20,
        "rows_read_train": 20,
        "rows_used_train": 20,
        "rows_skipped_train": 0,
    }
    for name, count in expected.items():
        assert made.get_int_custom_property(name) == count
    stats = json.loads((root / "relation_stats.json").read_text())
    assert stats["splits"]["train"]["tuples"] == 40


def test_the_schema_of_the_tuples_is_beside_them(artifacts):
    execute(artifacts)
    (path,) = Path(artifacts[1]["tuple_schema"][0].uri).iterdir()
    assert path.name == "schema.pbtxt"
    actual = text_format.Parse(path.read_text(), schema_pb2.Schema())
    assert actual == tuple_schema(request(), {"item": SCHEMA})


def test_other_payloads_are_refused(artifacts):
    examples_utils.set_payload_format(
        artifacts[0]["examples"][0], example_gen_pb2.PayloadFormat.FORMAT_PARQUET
    )
    with pytest.raises(DataError, match="got payload format FORMAT_PARQUET; expected FORMAT_TF_EX"):
        execute(artifacts)


def test_a_failure_leaves_nothing(artifacts):
    write(Path(artifacts[0]["examples"][0].uri) / "Split-eval" / "more.gz", [b"no example"])
    with pytest.raises(DataError, match=r"not a tf\.Example"):
        execute(artifacts)
    assert list(Path(artifacts[1]["tuples"][0].uri).iterdir()) == []


def test_the_component_declares_what_the_executor_reads():
    component = RelationGen(
        examples=channel_utils.as_channel([standard_artifacts.Examples()]),
        schema=channel_utils.as_channel([standard_artifacts.Schema()]),
        request=request().model_dump_json(),
        code_fingerprint="abc",
    )
    assert set(component.outputs) == {"tuples", "tuple_schema"}
    assert component.exec_properties == {
        "request": request().model_dump_json(),
        "code_fingerprint": "abc",
    }
    assert component.with_beam_pipeline_args(["--direct_num_workers=1"]) is component


def test_the_fingerprint_of_the_executor_covers_the_steps():
    actual = set(fingerprint._closure(("components.relation_gen.executor",)))
    assert {
        f"components.{name}"
        for name in (
            "common.example_wire",
            "common.rows.row_validation",
            "relation_gen.rows.unique_rows",
            "relation_gen.sampling.edges",  # Named by a string in a registry, as all planners are.
            "relation_gen.sampling.inline",
            "relation_gen.transforms.sample",
            "relation_gen.tuples.route",
        )
    } <= actual
    assert "relation.compiled" in actual
