"""The local engine on pipelines of one or two small nodes."""

import json
import os

import pytest
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.orchestration import metadata, pipeline
from tfx.types import component_spec, standard_artifacts

from components.schema_gen.component import CuratedSchemaGen
from pipeline.paths import RunPaths
from pipeline.runners.console_runner import ConsoleRunner
from pipeline.settings import FAILED
from relation.core.errors import DataError


class RaisingExecutor(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):
        os.write(1, b"noise\n")
        kinds = (DataError, ValueError, KeyboardInterrupt)
        raise {kind.__name__: kind for kind in kinds}[exec_properties["kind"]]("row [7] is odd")


class RaisingSpec(component_spec.ComponentSpec):
    PARAMETERS = {"kind": component_spec.ExecutionParameter(type=str)}  # noqa: RUF012
    INPUTS = {  # noqa: RUF012
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema)
    }
    OUTPUTS = {  # noqa: RUF012
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model)
    }


class Raising(base_component.BaseComponent):
    SPEC_CLASS = RaisingSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(RaisingExecutor)

    def __init__(self, kind, schema):
        model = types.Channel(standard_artifacts.Model)
        super().__init__(RaisingSpec(kind=kind, schema=schema, model=model))


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("DataError", "row [7] is odd"),
        ("ValueError", "ValueError: row [7] is odd"),
        ("KeyboardInterrupt", "interrupted; the components that are done are kept, and the next"),
    ],
)
def test_a_failure_is_printed_and_written_and_not_raised(kind, cause, tmp_path, capfd):
    paths = RunPaths(tmp_path / "cats")
    paths.make()
    (tmp_path / "schema.pbtxt").write_text('feature { name: "id" type: BYTES }')

    def run():
        schema = CuratedSchemaGen(str(tmp_path / "schema.pbtxt"), "0")
        dag = pipeline.Pipeline(
            pipeline_name="cats",
            pipeline_root=str(paths.pipeline),
            components=[schema, Raising(kind, schema.outputs["schema"])],
            enable_cache=True,
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(paths.metadata)
            ),
        )
        runner = ConsoleRunner("cats", paths, "/rows/*.gz")
        runner.run(dag)
        assert runner.exit_status == FAILED
        return [line.split() for line in capfd.readouterr().out.splitlines() if line.strip()]

    first = run()
    assert [words[:2] for words in first[:2]] == [
        ["ImportSchemaGen", "done"],
        ["Raising", "failed"],
    ]
    assert " ".join(first[2]).startswith(f"FAILED: {cause}")
    verdict = json.loads(paths.verdict.read_text())
    assert verdict["verdict"] == "failed"
    assert verdict["cause"].startswith(cause)
    assert first[3] == ["log", verdict["log"]]
    assert not any(paths.serving.iterdir())
    # What is done is kept; what has failed is tried again.
    states = [words[:2] for words in run()[:2]]
    assert states == [["ImportSchemaGen", "cached"], ["Raising", "failed"]]
