"""The baseline over a history of runs, under both of TFX's launchers."""

import itertools
import shutil
from pathlib import Path

import pytest
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.orchestration import data_types, metadata, pipeline
from tfx.orchestration.launcher import in_process_component_launcher
from tfx.orchestration.local import local_dag_runner
from tfx.types import component_spec, standard_artifacts

from components.resolver.component import NODE_ID, baseline_resolver
from components.resolver.strategy import LatestBlessedModelStrategy
from pipeline.runners.airflow_launcher import Launcher
from pipeline.runners.run_lock import locked
from relation.core.errors import UserError

LOG: list[tuple[str | None, ...]] = []
"""("Trainer", model) and ("Evaluator", candidate, baseline), in the order they ran."""


class TrainerExecutor(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):
        (Path(output_dict["model"][0].uri) / "name").write_text(exec_properties["name"])
        LOG.append(("Trainer", exec_properties["name"]))


class TrainerSpec(component_spec.ComponentSpec):
    PARAMETERS = {"name": component_spec.ExecutionParameter(type=str)}  # noqa: RUF012
    INPUTS = {}  # noqa: RUF012
    OUTPUTS = {  # noqa: RUF012
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model)
    }


class Trainer(base_component.BaseComponent):
    SPEC_CLASS = TrainerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(TrainerExecutor)

    def __init__(self, name):
        super().__init__(TrainerSpec(name=name, model=types.Channel(standard_artifacts.Model)))


class EvaluatorExecutor(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):
        model, blessing = input_dict["model"][0], output_dict["blessing"][0]
        blessing.set_int_custom_property("blessed", exec_properties["blessed"])
        blessing.set_int_custom_property("current_model_id", model.id)
        baseline = input_dict.get("baseline_model")
        LOG.append(("Evaluator", name_of(model), name_of(baseline[0]) if baseline else None))


class EvaluatorSpec(component_spec.ComponentSpec):
    PARAMETERS = {"blessed": component_spec.ExecutionParameter(type=int)}  # noqa: RUF012
    INPUTS = {  # noqa: RUF012
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "baseline_model": component_spec.ChannelParameter(
            type=standard_artifacts.Model, optional=True
        ),
    }
    OUTPUTS = {  # noqa: RUF012
        "blessing": component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing)
    }


class Evaluator(base_component.BaseComponent):
    SPEC_CLASS = EvaluatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(EvaluatorExecutor)

    def __init__(self, model, baseline_model, blessed):
        super().__init__(
            EvaluatorSpec(
                model=model,
                baseline_model=baseline_model,
                blessed=blessed,
                blessing=types.Channel(standard_artifacts.ModelBlessing),
            )
        )


def name_of(model):
    return (Path(model.uri) / "name").read_text()


RUN_IDS = (f"run-{number}" for number in itertools.count())


def make(folder, name, blessed):
    trainer = Trainer(name)
    baseline = baseline_resolver(trainer.outputs["model"])
    evaluator = Evaluator(trainer.outputs["model"], baseline.outputs["model"], blessed)
    return pipeline.Pipeline(
        pipeline_name="history",
        pipeline_root=str(folder / "root"),
        components=[trainer, baseline, evaluator],
        enable_cache=True,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(folder / "metadata.sqlite")
        ),
    )


def local(dag):
    """Run as LocalDagRunner does, by the pipeline's intermediate representation."""
    local_dag_runner.LocalDagRunner().run(dag)


def component_launcher(dag, launcher=in_process_component_launcher.InProcessComponentLauncher):
    """Run as the Airflow runner does: one component at a time, with old-style drivers."""
    info = data_types.PipelineInfo("history", dag.pipeline_info.pipeline_root, next(RUN_IDS))
    for node in dag.components:
        launcher.create(
            component=node,
            pipeline_info=info,
            driver_args=data_types.DriverArgs(enable_cache=True),
            metadata_connection=metadata.Metadata(dag.metadata_connection_config),
            beam_pipeline_args=[],
            additional_pipeline_args={},
        ).launch()


HISTORY = [
    # model, blessed, what runs
    ("a", 1, [("Trainer", "a"), ("Evaluator", "a", None)]),
    ("a", 1, []),  # Its own blessing does not make it its own baseline.
    ("b", 0, [("Trainer", "b"), ("Evaluator", "b", "a")]),
    ("b", 0, []),
    ("c", 1, [("Trainer", "c"), ("Evaluator", "c", "a")]),  # The refused b is no baseline.
    ("c", 1, []),
    ("a", 1, [("Evaluator", "a", "c")]),  # Back to a, which the cache still has.
    ("a", 1, []),
    ("c", 1, []),  # Back to c, against a: the cache has both, and makes no new blessing.
    ("d", 1, [("Trainer", "d"), ("Evaluator", "d", "a")]),  # So the blessing of a is the latest.
]


@pytest.mark.parametrize("launch", [local, component_launcher])
def test_history(tmp_path, launch):
    happened = []
    for name, blessed, _ in HISTORY:
        LOG.clear()
        launch(make(tmp_path, name, blessed))
        happened.append((name, blessed, list(LOG)))
    assert happened == HISTORY


@pytest.mark.parametrize("launch", [local, component_launcher])
def test_a_model_without_files_is_no_baseline(tmp_path, launch, caplog):
    for name in ("a", "b"):
        launch(make(tmp_path, name, 1))
    gone = next(path.parent for path in tmp_path.rglob("name") if path.read_text() == "b")
    shutil.rmtree(gone)
    for name, baseline in (("c", "a"), ("d", "c")):
        LOG.clear()
        launch(make(tmp_path, name, 1))
        assert [("Trainer", name), ("Evaluator", name, baseline)] == LOG
    assert f"Blessed model 3 is left out: its files are gone: {gone}" in caplog.text


def test_a_model_to_start_from_has_its_files(tmp_path):
    """The strategy of a warm start, which has no candidate."""
    models, blessings = ([standard(index) for index in (1, 2)] for standard in (model_at, blessing))
    for model in models:
        model.uri = str(tmp_path / str(model.id))
        Path(model.uri).mkdir()
    inputs = {"model": models, "model_blessing": blessings}
    resolve = LatestBlessedModelStrategy().resolve_artifacts
    assert resolve(None, inputs) == {"model": [models[1]], "model_blessing": [blessings[1]]}
    Path(models[1].uri).rmdir()
    assert resolve(None, inputs) == {"model": [models[0]], "model_blessing": [blessings[0]]}
    Path(models[0].uri).rmdir()
    assert resolve(None, inputs) == {"model": [], "model_blessing": []}


def model_at(number):
    model = standard_artifacts.Model()
    model.id = number
    return model


def blessing(number):
    artifact = standard_artifacts.ModelBlessing()
    artifact.id = 10 + number
    artifact.set_int_custom_property("blessed", 1)
    artifact.set_int_custom_property("current_model_id", number)
    return artifact


def test_an_airflow_task_waits_for_no_run_but_is_refused(tmp_path):
    dag = make(tmp_path, "a", 1)
    with locked(tmp_path / ".lock"), pytest.raises(UserError, match="another run of this recipe"):
        component_launcher(dag, Launcher)
    LOG.clear()
    component_launcher(dag, Launcher)
    assert LOG == [("Trainer", "a"), ("Evaluator", "a", None)]


def test_the_node(tmp_path):
    dag = make(tmp_path, "a", 1)
    assert [node.id for node in dag.components] == ["Trainer", NODE_ID, "Evaluator"]
    assert set(dag.components[1].outputs) == {"model", "model_blessing", "candidate"}
