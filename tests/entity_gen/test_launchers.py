"""EntityGen in a pipeline: under both of TFX's launchers, and as Kubeflow compiles it."""

import itertools
import os

import pytest
import tensorflow as tf
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import data_types, metadata, pipeline
from tfx.orchestration.launcher import in_process_component_launcher
from tfx.orchestration.local import local_dag_runner

from components.entity_gen.component import EntityGen

RUN_IDS = (f"run-{number}" for number in itertools.count())


def make(folder, code_fingerprint=""):
    config = metadata.sqlite_metadata_connection_config(str(folder / "metadata.sqlite"))
    return pipeline.Pipeline(
        pipeline_name="rows",
        pipeline_root=str(folder / "root"),
        components=[EntityGen(str(folder / "in" / "*.gz"), "id", 3, 1, code_fingerprint)],
        enable_cache=True,
        metadata_connection_config=config,
    )


def local(dag):
    local_dag_runner.LocalDagRunner().run(dag)


def component_launcher(dag):
    """Run the node as the Airflow runner does."""
    in_process_component_launcher.InProcessComponentLauncher.create(
        component=dag.components[0],
        pipeline_info=data_types.PipelineInfo(
            "rows", dag.pipeline_info.pipeline_root, next(RUN_IDS)
        ),
        driver_args=data_types.DriverArgs(enable_cache=True),
        metadata_connection=metadata.Metadata(dag.metadata_connection_config),
        beam_pipeline_args=[],
        additional_pipeline_args={},
    ).launch()


def write(path, numbers):
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for number in numbers:
            example = tf.train.Example()
            example.features.feature["id"].int64_list.value.append(number)
            writer.write(example.SerializeToString())


def artifacts(dag):
    store = metadata_store.MetadataStore(dag.metadata_connection_config)
    return [
        artifact
        for artifact in store.get_artifacts_by_type("Examples")
        if artifact.state != metadata_store_pb2.Artifact.PENDING
    ]


@pytest.mark.parametrize("launch", [local, component_launcher])
def test_unchanged_files_are_not_read_again(tmp_path, launch):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.gz", range(40))
    launch(make(tmp_path))
    launch(make(tmp_path))
    [artifact] = artifacts(make(tmp_path))
    properties = artifact.custom_properties
    assert properties["rows_train"].int_value + properties["rows_eval"].int_value == 40
    assert properties["span"].int_value == 0
    assert properties["payload_format"].string_value == "FORMAT_TF_EXAMPLE"
    assert properties["file_format"].string_value == "tfrecords_gzip"
    assert properties["input_fingerprint"].string_value.startswith("split:all,num_files:1,")
    launch(make(tmp_path, code_fingerprint="edited"))
    assert len(artifacts(make(tmp_path))) == 2
    os.utime(tmp_path / "in" / "a.gz", (1, 1))
    launch(make(tmp_path, code_fingerprint="edited"))
    assert len(artifacts(make(tmp_path))) == 3


@pytest.mark.kubeflow
def test_kubeflow_compiles_it(tmp_path):
    runner = pytest.importorskip("tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner")
    config = runner.KubeflowV2DagRunnerConfig(default_image="image", use_pipeline_spec_2_1=True)
    output = tmp_path / "pipeline.yaml"
    runner.KubeflowV2DagRunner(config=config, output_filename=str(output)).run(make(tmp_path))
    text = output.read_text()
    assert "components.entity_gen.executor.Executor" in text
    assert "code_fingerprint" in text
