"""The local engine on pipelines of one or two small nodes."""

import contextlib
import errno
import json
import os
import signal
from pathlib import Path

import pytest
from ml_metadata.errors import InternalError
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.orchestration import metadata, pipeline
from tfx.types import component_spec, standard_artifacts

from components.schema_gen.component import CuratedSchemaGen
from pipeline.paths import RunPaths
from pipeline.runners.console_runner import ConsoleRunner
from pipeline.runners.interruption import Interruption
from pipeline.settings import FAILED
from relation.core.errors import DataError

RESUMES = "finished components are kept, and the next run continues after them"


def _swallow(number):
    """As libraries do that catch every exception."""
    with contextlib.suppress(KeyboardInterrupt):
        os.kill(os.getpid(), number)


def _wrap(number):
    """As Beam does."""
    try:
        os.kill(os.getpid(), number)
    except KeyboardInterrupt as error:
        raise RuntimeError("bundle failed") from error


def _raise(error):
    raise error


FAULTS = {
    "data": lambda: _raise(DataError("row [7] is odd")),
    "value": lambda: _raise(ValueError("row [7] is odd")),
    "keyboard": lambda: _raise(KeyboardInterrupt()),
    "SIGINT": lambda: os.kill(os.getpid(), signal.SIGINT),
    "SIGTERM, swallowed": lambda: _swallow(signal.SIGTERM),
    "SIGINT, wrapped": lambda: _wrap(signal.SIGINT),
    "SIGHUP, wrapped": lambda: _wrap(signal.SIGHUP),
    "disk": lambda: _raise(OSError(errno.ENOSPC, "No space left on device", "/big/file")),
    "disk in a worker": lambda: _raise(
        RuntimeError("OSError: [Errno 28] No space left on device [while running 'Write']")
    ),
    "database": lambda: _raise(
        InternalError("Cannot execute query: database disk image is malformed query: SELECT 1")
    ),
}


class RaisingExecutor(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):
        os.write(1, b"noise\n")
        Path(output_dict["model"][0].uri, "file").touch()
        FAULTS[exec_properties["kind"]]()


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


NO_SPACE = "; free some space, or set RELATA_RUNS to a folder on another disk"


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("data", "row [7] is odd"),
        ("value", "ValueError: row [7] is odd"),
        ("keyboard", f"interrupted; {RESUMES}"),
        ("SIGINT", f"interrupted; {RESUMES}"),
        ("SIGTERM, swallowed", f"interrupted by SIGTERM; {RESUMES}"),
        ("SIGINT, wrapped", f"interrupted; {RESUMES}"),
        ("SIGHUP, wrapped", f"interrupted by SIGHUP; {RESUMES}"),
        ("disk", f"no space is left on the disk for /big/file{NO_SPACE}"),
        ("disk in a worker", f"no space is left on the disk{NO_SPACE}"),
        ("database", "{metadata}: the database of runs is damaged; move it away; the next run "),
    ],
)
def test_a_failure_is_printed_and_written_and_not_raised(kind, cause, tmp_path, capfd):
    paths = RunPaths(tmp_path / "cats")
    paths.make()
    cause = cause.replace("{metadata}", str(paths.metadata))
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
        with Interruption() as interruption:
            runner = ConsoleRunner("cats", paths, "/rows/*.gz", interruption)
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
    again = "cached" if kind.endswith("swallowed") else "failed"
    states = [words[:2] for words in run()[:2]]
    assert states == [["ImportSchemaGen", "cached"], ["Raising", again]]
