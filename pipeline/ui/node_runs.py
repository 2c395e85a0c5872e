"""Read the executions of nodes from ML Metadata."""

from collections import defaultdict
from typing import Any, NamedTuple

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.types import Artifact, artifact_utils

_OUTPUTS = (
    metadata_store_pb2.Event.OUTPUT,
    metadata_store_pb2.Event.INTERNAL_OUTPUT,  # Outputs of resolvers.
)


class NodeRun(NamedTuple):
    """An execution of a node, and its output artifacts."""

    cached: bool
    outputs: dict[str, list[Artifact]]

    def output(self, key: str) -> Artifact:
        """Return the only artifact of an output."""
        return artifact_utils.get_single_instance(self.outputs[key])


def node_run(
    connection: Any, pipeline_name: str, node_id: str, run_id: str | None = None
) -> NodeRun:
    """Read the newest execution of a node on the local engine.

    Args:
      connection: ML Metadata's connection config.
      pipeline_name: name of the pipeline.
      node_id: id of the node.
      run_id: id of the run that executed it; None for the newest of all runs.
    """
    with metadata.Metadata(connection) as handle:
        store = handle.store
        executions = _executions_of(store, "node", f"{pipeline_name}.{node_id}")
        if run_id is not None:
            own = {execution.id for execution in _executions_of(store, "pipeline_run", run_id)}
            executions = [execution for execution in executions if execution.id in own]
        return _node_run(store, max(executions, key=lambda execution: execution.id))


def _executions_of(store: Any, kind: str, name: str) -> list[metadata_store_pb2.Execution]:
    """Read the executions of a context of ML Metadata."""
    context = store.get_context_by_type_and_name(kind, name)
    return list(store.get_executions_by_context(context.id))


def pipeline_run(connection: Any, pipeline_name: str, run_id: str) -> dict[str, NodeRun]:
    """Read the executions of one run that Airflow's launcher recorded.

    Args:
      connection: ML Metadata's connection config.
      pipeline_name: name of the pipeline.
      run_id: id of the run.

    Returns:
      The execution of each node by its id.
    """
    with metadata.Metadata(connection) as handle:
        store = handle.store
        return {
            execution.properties["component_id"].string_value: _node_run(store, execution)
            for execution in _executions_of(store, "run", f"{pipeline_name}.{run_id}")
        }


def _node_run(store: Any, execution: metadata_store_pb2.Execution) -> NodeRun:
    outputs: dict[str, list[Artifact]] = defaultdict(list)
    for event in store.get_events_by_execution_ids([execution.id]):
        if event.type in _OUTPUTS:
            [proto] = store.get_artifacts_by_id([event.artifact_id])
            [kind] = store.get_artifact_types_by_id([proto.type_id])
            artifact = artifact_utils.deserialize_artifact(kind, proto)
            outputs[event.path.steps[0].key].append(artifact)
    cached = execution.last_known_state == metadata_store_pb2.Execution.CACHED
    return NodeRun(cached, dict(outputs))
