"""The file for Airflow's `dags/` folder: `DAG` runs the recipe that `RELATA_RECIPE` names.

Only this file is copied there, so it imports the installed project (docs/scheduling.md). Airflow
imports it again for every task: the import writes nothing, and gives the same DAG every time.
"""

import datetime
import functools
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow import models
from airflow.configuration import conf
from airflow.exceptions import AirflowFailException
from airflow.operators.python import PythonOperator
from airflow.utils.template import literal
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.airflow import airflow_dag_runner

from pipeline import dag
from pipeline.paths import RunPaths
from pipeline.runners.airflow_launcher import Launcher
from pipeline.settings import BEAM_ARGS, recipe_name
from pipeline.stages.file_patterns import data_patterns, expected_patterns, single_globs
from pipeline.ui import verdict
from pipeline.ui.node_runs import pipeline_run
from pipeline.ui.root_cause import root_cause
from relation.load import LoadedRecipe, load_recipe

PREPARE, VERDICT = "Prepare", "Verdict"
"""The first and the last task, around the pipeline's nodes."""
TEMPLATED = ("Pusher", "custom_config")
"""The only task and property that Airflow fills in: it holds no text of a recipe."""
START = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
"""Any past date: with `catchup` off, the first run is the next scheduled one."""


def build_dag(recipe: str) -> models.DAG:
    """Build the DAG of a recipe: `Prepare`, one task for each node, `Verdict`.

    Args:
      recipe: name of a shipped recipe, or the path of a YAML file.

    Raises:
      RecipeError: see `relation.load.load_recipe` and `pipeline.dag.build`.
    """
    loaded = load_recipe(recipe)
    paths = RunPaths.of(loaded.recipe.name)
    pipeline = dag.build(
        loaded,
        paths,
        expected_patterns(loaded, paths),
        # A template, filled in for each run: so the Pusher always runs, but adds no version twice.
        served="{{ run_id }}",
        metadata_connection_config=_metadata(paths),
        beam_pipeline_args=BEAM_ARGS,
    )
    settings = {
        "description": loaded.recipe.description,
        "schedule": loaded.recipe.schedule.cron,
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,  # TFX's Airflow launcher cannot tell the artifacts of two runs apart.
        "max_active_tasks": 1,  # SQLite takes one writer at a time.
        "default_args": {
            # A second attempt would add a second output artifact, and the next task could not tell
            # the two apart. A new run takes finished nodes from the cache instead.
            "retries": 0,
            "on_failure_callback": functools.partial(write_failure, loaded.recipe.name, paths),
        },
    }
    runner = airflow_dag_runner.AirflowDagRunner(
        airflow_dag_runner.AirflowPipelineConfig(
            airflow_dag_config=settings, supported_launcher_classes=[Launcher]
        )
    )
    airflow_dag = runner.run(pipeline)
    for task in airflow_dag.tasks:
        properties = task.op_kwargs["exec_properties"]
        task.op_kwargs = {"exec_properties": _literal(task.task_id, properties)}
    first, last = list(airflow_dag.roots), list(airflow_dag.leaves)
    prepare_task = PythonOperator(
        dag=airflow_dag,
        task_id=PREPARE,
        python_callable=functools.partial(prepare, loaded, paths),
    )
    verdict_task = PythonOperator(
        dag=airflow_dag,
        task_id=VERDICT,
        python_callable=functools.partial(
            write_verdict, loaded, paths, pipeline.metadata_connection_config
        ),
        on_failure_callback=None,  # It writes the verdict of a refused model itself.
    )
    prepare_task.set_downstream(first)
    verdict_task.set_upstream(last)
    return airflow_dag


def _literal(task: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Keep Airflow from taking text of a recipe for a template."""
    return {
        name: value if (task, name) == TEMPLATED else literal(value)
        for name, value in properties.items()
    }


def prepare(loaded: LoadedRecipe, paths: RunPaths) -> float:
    """Make the folders, and generate rows where the recipe names a generator.

    Returns:
      The start time, in seconds since the epoch.
    """
    started = time.time()
    paths.make()
    paths.verdict.unlink(missing_ok=True)
    data_patterns(loaded, paths)
    return started


def write_verdict(
    loaded: LoadedRecipe, paths: RunPaths, connection: Any, dag_run: Any, ti: Any, **_: Any
) -> None:
    """Write `verdict.json`, and fail the task if the model is refused.

    Args:
      loaded: the recipe.
      paths: its folders.
      connection: ML Metadata's connection config.
      dag_run, ti: the run and task instance that Airflow passes.

    Raises:
      AirflowFailException: the model is refused; the message says why.
    """
    result = verdict.of_run(
        loaded.recipe.name,
        paths,
        single_globs(expected_patterns(loaded, paths)),
        pipeline_run(connection, loaded.recipe.name, dag_run.run_id),
        time.time() - ti.xcom_pull(task_ids=PREPARE),
        _logs(dag_run),
    )
    verdict.write(result, paths.verdict)
    print(f"{result.verdict}: {result.cause}")
    if result.verdict == "refused":
        raise AirflowFailException(f"refused: {result.cause}")


def write_failure(recipe: str, paths: RunPaths, context: Any) -> None:
    """Write the `verdict.json` of a run in which a task failed."""
    error = context.get("exception")
    cause = root_cause(error) if isinstance(error, BaseException) else str(error)
    task = context["task_instance"].task_id
    paths.verdict.parent.mkdir(parents=True, exist_ok=True)
    verdict.write(
        verdict.failed(recipe, f"{task}: {cause}", _logs(context["dag_run"])), paths.verdict
    )


def _metadata(paths: RunPaths) -> metadata_store_pb2.ConnectionConfig:
    """Make ML Metadata's connection config; TFX's own function would create the folder."""
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(paths.metadata)
    config.sqlite.connection_mode = (
        metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    )
    return config


def _logs(dag_run: Any) -> Path:
    """Return the folder of a run's logs by Airflow's default naming."""
    base = conf.get("logging", "base_log_folder")
    return Path(base) / f"dag_id={dag_run.dag_id}" / f"run_id={dag_run.run_id}"


DAG = build_dag(recipe_name())
