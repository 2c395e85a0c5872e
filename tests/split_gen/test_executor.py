import json
from pathlib import Path

import pytest
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, channel_utils, standard_artifacts

from components.split_gen.component import SplitGen
from components.split_gen.executor import Executor
from relation.core import fingerprint
from relation.core.errors import DataError
from tests.split_gen.helpers import ENDS, by_time, edge, item, records, request, write

ROWS = {
    "examples": [item(n) for n in range(100)],
    "edges": [edge(n, n + 1) for n in range(0, 100, 2)],
}


@pytest.fixture
def artifacts(tmp_path: Path) -> tuple[dict, dict]:
    inputs, outputs = {}, {}
    for name, rows in ROWS.items():
        given = standard_artifacts.Examples()
        given.uri = str(tmp_path / name)
        given.split_names = artifact_utils.encode_split_names(["all"])
        given.span, given.version = 3, 2
        examples_utils.set_payload_format(given, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(given, "tfrecords_gzip")
        for shard in range(2):
            file = f"Split-all/data_tfrecord-{shard:05d}-of-00002.gz"
            write(tmp_path / name / file, rows[shard::2])
        made = standard_artifacts.Examples()
        made.uri = str(tmp_path / f"split_{name}")
        Path(made.uri).mkdir()  # As TFX's launcher does.
        inputs[name], outputs[f"split_{name}"] = [given], [made]
    return inputs, outputs


def execute(artifacts, asked) -> dict:
    inputs, outputs = artifacts
    properties = {"request": asked.model_dump_json(), "code_fingerprint": "1"}
    Executor().Do(inputs, outputs, properties)
    return {name: made for name, (made,) in outputs.items()}


def test_the_outputs_keep_the_contract_of_examples_artifacts(artifacts):
    outputs = execute(artifacts, request())
    for name, rows in ROWS.items():
        made = outputs[f"split_{name}"]
        assert artifact_utils.decode_split_names(made.split_names) == ["train", "eval"]
        assert examples_utils.get_payload_format_string(made) == "FORMAT_TF_EXAMPLE"
        assert examples_utils.get_file_format(made) == "tfrecords_gzip"
        assert (made.span, made.version) == (3, 2)
        root = Path(made.uri)
        files = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        stats = ["split_stats.json"] if name == "examples" else []
        assert (
            sorted(files)
            == [
                f"Split-{split}/data_tfrecord-{shard:05d}-of-00002.gz"
                for split in ("eval", "train")
                for shard in range(2)
            ]
            + stats
        )
        parts = [records(root, split) for split in ("train", "eval")]
        assert sorted(parts[0] + parts[1]) == sorted(rows)
        for split, part in zip(("train", "eval"), parts, strict=True):
            assert made.get_int_custom_property(f"rows_{split}") == len(part) > 0
        assert made.get_int_custom_property("rows_read") == len(rows)
        assert made.get_int_custom_property("components_count") == 50
    stats = json.loads((Path(outputs["split_examples"].uri) / "split_stats.json").read_text())
    assert stats["components"]["largest"] == 2


def test_a_failure_leaves_nothing(artifacts):
    with pytest.raises(DataError, match="examples: 100 of 100 rows have no time"):
        execute(artifacts, by_time(edges=ENDS))
    for (made,) in artifacts[1].values():
        assert list(Path(made.uri).iterdir()) == []


def test_a_damaged_file_is_named(artifacts):
    path = Path(artifacts[0]["edges"][0].uri) / "Split-all" / "data_tfrecord-00001-of-00002.gz"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match=str(path)):
        execute(artifacts, request())


def test_a_giant_component_ends_with_a_sentence(artifacts):
    folder = Path(artifacts[0]["edges"][0].uri) / "Split-all"
    write(folder / "more.gz", [edge(n, n + 1) for n in range(99)])
    with pytest.raises(DataError, match=r"^edges connect 100 of the 100 .*, among them item '\d+'"):
        execute(artifacts, request())
    for (made,) in artifacts[1].values():
        assert list(Path(made.uri).iterdir()) == []


def test_other_payloads_are_refused(artifacts):
    examples_utils.set_payload_format(
        artifacts[0]["edges"][0], example_gen_pb2.PayloadFormat.FORMAT_PARQUET
    )
    with pytest.raises(
        DataError, match="edges: got payload format FORMAT_PARQUET; expected FORMAT_TF_EX"
    ):
        execute(artifacts, request())


def test_a_request_that_speaks_of_other_inputs_is_refused(artifacts):
    with pytest.raises(ValueError, match="inputs: got examples, edges; expected those of"):
        execute(artifacts, by_time(edges=None))


def channel():
    return channel_utils.as_channel([standard_artifacts.Examples()])


def test_the_component_declares_what_the_executor_reads():
    asked = request().model_dump_json()
    component = SplitGen(channel(), request=asked, code_fingerprint="abc", edges=channel())
    assert set(component.outputs) == {"split_examples", "split_edges"}
    assert component.exec_properties == {"request": asked, "code_fingerprint": "abc"}
    alone = SplitGen(channel(), request=asked, code_fingerprint="abc")
    assert set(alone.outputs) == {"split_examples"}


def test_the_fingerprint_of_the_executor_covers_the_steps():
    actual = fingerprint._closure(("components.split_gen.executor",))
    names = ("steps", "writing", "row_columns", "split_context", "by_component.graph")
    names += ("by_component.propagate", "by_time.timeline", "by_time.moments")
    assert {f"components.split_gen.{name}" for name in names} <= set(actual)
