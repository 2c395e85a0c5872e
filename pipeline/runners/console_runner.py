"""TFX's local engine with one terminal line for each component; the rest is logged."""

import datetime
import logging
import time
from pathlib import Path

from tfx.dsl.compiler import constants
from tfx.orchestration import metadata
from tfx.orchestration.local import local_dag_runner, runner_utils
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from pipeline.paths import RunPaths
from pipeline.settings import EXIT_STATUS
from pipeline.stages.reporting import publish
from pipeline.ui import verdict as verdicts
from pipeline.ui.console import Console
from pipeline.ui.node_runs import NodeRun, last_run
from pipeline.ui.node_summary import summarize_node
from pipeline.ui.root_cause import root_cause

INTERRUPTED = (
    "interrupted; the components that are done are kept, and the next run goes on after them"
)


class ConsoleRunner(local_dag_runner.LocalDagRunner):
    """TFX's LocalDagRunner that reports each node, writes the verdict and never raises.

    It must not override `run`: the tfx command replaces that method of TFX's class while it
    registers a pipeline. Then nothing runs and `exit_status` stays 0.
    """

    def __init__(self, recipe: str, paths: RunPaths, data: str | None):
        super().__init__()
        self._recipe = recipe
        self._paths = paths
        self._data = data
        self.exit_status = 0

    def run_with_ir(
        self,
        pipeline: pipeline_pb2.Pipeline,
        run_options: pipeline_pb2.RunOptions | None = None,
    ) -> None:
        """Run the pipeline's nodes in order; partial runs are not supported."""
        assert run_options is None, "partial runs are not supported"
        stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        log = self._paths.logs / f"run-{stamp}.log"
        names = [node.pipeline_node.node_info.id for node in pipeline.nodes]
        with Console(log, names) as console:
            try:
                verdict = self._run_nodes(pipeline, console, log)
            except Exception as error:
                logging.exception("The run failed.")
                verdict = verdicts.failed(self._recipe, root_cause(error), log)
            except KeyboardInterrupt:
                verdict = verdicts.failed(self._recipe, INTERRUPTED, log)
            verdicts.write(verdict, self._paths.verdict)
            console.show_verdict(verdict)
        self.exit_status = EXIT_STATUS[verdict.verdict]

    def _run_nodes(
        self, pipeline: pipeline_pb2.Pipeline, console: Console, log: Path
    ) -> verdicts.RunVerdict:
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline,
            {constants.PIPELINE_RUN_ID_PARAMETER_NAME: datetime.datetime.now().isoformat()},
        )
        deployment = runner_utils.extract_local_deployment_config(pipeline)
        config = deployment.metadata_connection_config
        connection = getattr(config, config.WhichOneof("connection_config"))
        started = time.monotonic()
        runs: dict[str, NodeRun] = {}
        for node in pipeline.nodes:
            node_id = node.pipeline_node.node_info.id
            with console.node(node_id) as line:
                launcher.Launcher(
                    pipeline_node=node.pipeline_node,
                    mlmd_connection=metadata.Metadata(connection),
                    pipeline_info=pipeline.pipeline_info,
                    pipeline_runtime_spec=pipeline.runtime_spec,
                    executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
                    custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
                ).launch()
                run = last_run(connection, pipeline.pipeline_info.id, node_id)
                line.done(cached=run.cached, summary=summarize_node(node_id, run))
                runs[node_id] = run
        seconds = time.monotonic() - started
        verdict = verdicts.of_run(self._recipe, self._paths, self._data, runs, seconds, log)
        page = publish(runs["Report"].output("report"), self._paths)
        return verdict.model_copy(update={"report": str(page)})
