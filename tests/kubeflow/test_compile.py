"""Every shipped recipe compiles to a specification that kfp reads."""

import json

import pytest

from pipeline import kubeflow_runner
from relation.load import RECIPES, load_recipe

pytestmark = pytest.mark.kubeflow
components = pytest.importorskip("kfp.components", reason="needs the extra `kubeflow`")

RUNS = "gs://bucket/runs"
ROWS = "gs://bucket/rows/*.tfrecord.gz"
FLAGS = ["--runs", RUNS, "--data", ROWS, "--schema", "/app/schema.pbtxt", "--image", "hub/relata:7"]
TASKS = {
    "EntityGen",
    "EntityStatistics",
    "ImportSchemaGen",
    "EntityValidator",
    "RelationGen",
    "TupleStatistics",
    "TupleValidator",
    "Transform",
    "Trainer",
    "LatestBlessedModel-model-resolver",
    "LatestBlessedModel-model-blessing-resolver",
    "Evaluator",
    "Pusher",
}


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Compiles a recipe with flags; returns exit status and file. Its folder of runs is empty."""
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path / "runs"))

    def run(recipe, *flags, name="pipeline.yaml"):
        monkeypatch.setenv("RELATA_RECIPE", recipe)
        path = tmp_path / "out" / name
        return kubeflow_runner.main([*flags, "--output", str(path)]), path

    return run


def constants(spec, task):
    """The parameters of a task that are constants."""
    return {
        key: parameter.runtime_value.constant.string_value
        for key, parameter in spec.root.dag.tasks[task].inputs.parameters.items()
    }


@pytest.mark.parametrize("recipe", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_every_shipped_recipe(recipe, compiled, tmp_path):
    status, path = compiled(recipe, *FLAGS)
    assert status == 0
    spec = components.load_component_from_file(str(path)).pipeline_spec
    assert spec.pipeline_info.name == recipe.replace("_", "-")
    assert spec.default_pipeline_root == f"{RUNS}/{recipe}/pipeline"
    assert set(spec.root.dag.tasks) == TASKS

    relation_gen = constants(spec, "RelationGen")
    request = load_recipe(recipe).materialization
    assert json.loads(relation_gen["request"]) == json.loads(request.model_dump_json())
    fingerprints = {
        task
        for task in TASKS
        if any("code_fingerprint" in key + value for key, value in constants(spec, task).items())
    }
    assert fingerprints == {
        *("EntityGen", "EntityValidator", "RelationGen", "TupleValidator"),
        *("Transform", "Trainer", "Evaluator", "Pusher"),
    }
    assert constants(spec, "ImportSchemaGen")["schema_file"] == "/app/schema.pbtxt"
    assert constants(spec, "ImportSchemaGen")["content_fingerprint"]
    assert f"{RUNS}/{recipe}/serving" in constants(spec, "Pusher")["push_destination"]

    executors = spec.deployment_spec["executors"]
    images = [
        executors[label]["container"]["image"]
        for label in executors
        if "container" in executors[label]
    ]
    assert images == ["hub/relata:7"] * 11  # All but the two resolvers.

    # The same again, also after a local run left a served version.
    (tmp_path / "runs" / recipe / "serving" / "1").mkdir(parents=True)
    status, again = compiled(recipe, *FLAGS, name="again.yaml")
    assert status == 0
    assert again.read_text() == path.read_text()


def test_no_local_place_is_needed(compiled, tmp_path):
    status, path = compiled("digits_triplets", *FLAGS)
    assert status == 0
    assert not (tmp_path / "runs").exists()
    assert str(tmp_path) not in path.read_text()


def test_default_output(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("RELATA_RECIPE", "digits_pairs")
    assert kubeflow_runner.main(["--data", ROWS]) == 0
    path = tmp_path / "runs" / "digits_pairs" / "digits_pairs.yaml"
    assert capsys.readouterr().out == f"{path}\n"
    assert f"{tmp_path}/runs/digits_pairs/pipeline" in path.read_text()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--runs", RUNS], "--data: missing; expected a glob of the item rows"),
        (["--runs", "runs", "--data", ROWS], "--runs: got 'runs', which is relative"),
        (["--runs", RUNS, "--data", "rows/*.gz"], "--data: got 'rows/*.gz', which is relative"),
    ],
)
def test_places_that_no_container_sees(flags, said, compiled, capsys):
    status, path = compiled("digits_triplets", *flags)
    assert status == 2
    assert said in capsys.readouterr().err
    assert not path.exists()


def test_a_name_that_is_no_yaml(capsys):
    with pytest.raises(SystemExit):
        kubeflow_runner.main(["--output", "pipeline.json"])
    assert "'pipeline.json'; expected a name that ends in .yaml" in capsys.readouterr().err
