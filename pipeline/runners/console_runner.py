"""TFX's local engine with one terminal line for each component; the rest is logged."""

import datetime
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from ml_metadata.errors import StatusError
from tfx.dsl.compiler import constants
from tfx.orchestration import metadata
from tfx.orchestration.local import local_dag_runner, runner_utils
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from pipeline.paths import RunPaths
from pipeline.runners.interruption import Interruption
from pipeline.runners.metadata_check import fault
from pipeline.runners.recovery import recover
from pipeline.settings import EXIT_STATUS
from pipeline.stages.reporting import publish
from pipeline.ui import verdict as verdicts
from pipeline.ui.console import Console
from pipeline.ui.node_runs import NodeRun, node_run
from pipeline.ui.node_summary import summarize_node
from pipeline.ui.root_cause import root_cause


class ConsoleRunner(local_dag_runner.LocalDagRunner):
    """TFX's LocalDagRunner that reports each node, writes the verdict and never raises.

    It must not override `run`: the tfx command replaces that method of TFX's class while it
    registers a pipeline. Then nothing runs and `exit_status` stays 0.
    """

    def __init__(
        self, recipe: str, paths: RunPaths, data: Mapping[str, str], interruption: Interruption
    ):
        """Describe the run.

        Args:
          recipe: name of the recipe.
          paths: its paths.
          data: globs of raw rows, as `verdict.of_run` takes it.
          interruption: the signals that end the run.
        """
        super().__init__()
        self._interruption = interruption
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
            except (Exception, KeyboardInterrupt) as error:
                logging.exception("The run failed.")
                verdict = verdicts.failed(self._recipe, self._cause(error), log)
            written = self._written(verdict)
            console.show_verdict(written)
        self.exit_status = EXIT_STATUS[written.verdict]

    def _written(self, verdict: verdicts.RunVerdict) -> verdicts.RunVerdict:
        """Write the verdict; where that fails, return one that says so."""
        try:
            verdicts.write(verdict, self._paths.verdict)
        except OSError as error:
            cause = f"{verdict.cause}; {self._paths.verdict} cannot be written: {error.strerror}"
            return verdict.model_copy(update={"verdict": "failed", "cause": cause})
        return verdict

    def _cause(self, error: BaseException) -> str:
        if self._interruption.signal is not None or isinstance(error, KeyboardInterrupt):
            return self._interruption.cause
        in_database = isinstance(error, StatusError)
        explained = fault(self._paths.metadata, str(error)) if in_database else None
        return explained or root_cause(error)

    def _run_nodes(
        self, pipeline: pipeline_pb2.Pipeline, console: Console, log: Path
    ) -> verdicts.RunVerdict:
        run_id = datetime.datetime.now().isoformat()
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        deployment = runner_utils.extract_local_deployment_config(pipeline)
        config = deployment.metadata_connection_config
        connection = getattr(config, config.WhichOneof("connection_config"))
        recover(connection, self._paths)
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
                self._interruption.check()
                run = node_run(connection, pipeline.pipeline_info.id, node_id, run_id)
                line.done(cached=run.cached, summary=summarize_node(node_id, run))
                runs[node_id] = run
        seconds = time.monotonic() - started
        verdict = verdicts.of_run(self._recipe, self._paths, self._data, runs, seconds, log)
        page = publish(runs["Report"].output("report"), self._paths)
        return verdict.model_copy(update={"report": str(page)})
