"""Every shipped recipe compiles to a specification that kfp loads."""

import json

import pytest
import yaml

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
    "Report",
}
MODEL_TASKS = {
    "Trainer",
    "LatestBlessedModel-model-resolver",
    "LatestBlessedModel-model-blessing-resolver",
    "CorpusEvaluator",
    "Evaluator",
    "Pusher",
}
FINGERPRINTED = {
    *("EntityGen", "EntityValidator", "SplitGen", "RelationGen", "TupleValidator"),
    *("Transform", "Trainer", "CorpusEvaluator", "Evaluator", "Pusher", "Report"),
}


def flags_of(loaded):
    """Return flags with a path for every input of a recipe."""
    data = [(f"--data_{name}", f"gs://bucket/{name}/*.gz") for name in loaded.recipe.data.tables]
    schemas = [(f"--schema_{name}", f"/app/{name}.pbtxt") for name in loaded.schemas]
    places = [("--runs", RUNS), ("--image", "hub/relata:7"), *data, *schemas]
    return [word for place in places for word in place]


def tasks_of(loaded):
    """Return the tasks of a recipe."""
    first, *others = loaded.recipe.data.tables
    tasks = TASKS | (MODEL_TASKS if loaded.recipe.model else set())
    for name in others:
        tasks |= {f"{task}_{name}" for task in TASKS if task.startswith(("Entity", "Import"))}
    tasks |= {f"ImportSchemaGen_{name}" for name in set(loaded.schemas) - {first, *others}}
    return tasks | (
        {"SplitGen"} if loaded.recipe.data.split.unit in ("component", "time") else set()
    )


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Compile a recipe with flags; return exit status and file. The folder of runs is empty."""
    monkeypatch.setenv("RELATA_RUNS", str(tmp_path / "runs"))

    def run(recipe, *flags, name="pipeline.yaml"):
        monkeypatch.setenv("RELATA_RECIPE", recipe)
        path = tmp_path / "out" / name
        return kubeflow_runner.main([*flags, "--output", str(path)]), path

    return run


def constants(spec, task):
    """Return the constant parameters of a task."""
    return {
        key: parameter.runtime_value.constant.string_value
        for key, parameter in spec.root.dag.tasks[task].inputs.parameters.items()
    }


@pytest.mark.parametrize("recipe", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_every_shipped_recipe(recipe, compiled, tmp_path):
    loaded = load_recipe(recipe)
    status, path = compiled(recipe, *flags_of(loaded))
    assert status == 0
    spec = components.load_component_from_file(str(path)).pipeline_spec
    assert spec.pipeline_info.name == recipe.replace("_", "-")
    assert spec.default_pipeline_root == f"{RUNS}/{recipe}/pipeline"
    tasks = set(spec.root.dag.tasks)
    assert tasks == tasks_of(loaded)

    relation_gen = constants(spec, "RelationGen")
    request = loaded.compiled
    assert json.loads(relation_gen["request"]) == json.loads(request.model_dump_json())
    fingerprints = {
        task
        for task in tasks
        if any("code_fingerprint" in key + value for key, value in constants(spec, task).items())
    }
    assert fingerprints == {task for task in tasks if task.partition("_")[0] in FINGERPRINTED}
    first = next(iter(loaded.recipe.data.tables))
    for name in loaded.schemas:
        suffix = "" if name == first else f"_{name}"
        schema = constants(spec, f"ImportSchemaGen{suffix}")
        assert schema["schema_file"] == f"/app/{name}.pbtxt"
        assert schema["content_fingerprint"]
    for name in loaded.recipe.data.tables:
        suffix = "" if name == first else f"_{name}"
        assert constants(spec, f"EntityGen{suffix}")["input_base"] == f"gs://bucket/{name}"
    if loaded.recipe.model is not None:
        assert f"{RUNS}/{recipe}/serving" in constants(spec, "Pusher")["push_destination"]

    executors = spec.deployment_spec["executors"]
    images = [
        executors[label]["container"]["image"]
        for label in executors
        if "container" in executors[label]
    ]
    assert set(images) == {"hub/relata:7"}
    resolvers = {task for task in tasks if task.endswith("-resolver")}
    assert len(images) == len(tasks) - len(resolvers)

    # The same again, also after a local run left a served version.
    (tmp_path / "runs" / recipe / "serving" / "1").mkdir(parents=True)
    status, again = compiled(recipe, *flags_of(loaded), name="again.yaml")
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


def test_each_input_has_a_place_of_its_own(compiled, capsys):
    flags = ["--runs", RUNS, "--data_user", ROWS, "--data_item", ROWS]
    status, path = compiled("two_tower_retrieval", *flags)
    assert status == 2
    said = "--data_purchases: missing; expected a glob of the purchases rows"
    assert said in capsys.readouterr().err
    assert not path.exists()


def test_files_with_a_split(compiled, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    text = load_recipe("digits_triplets").path.read_text()
    files = "path: {train: /data/a/*, eval: b/*}"
    text = text.replace("generator: demo_data.digits", files)
    recipe.write_text(text.replace("{unit: entity, train: 3, eval: 1}", "{unit: files}"))
    status, path = compiled(str(recipe), "--runs", RUNS, "--data_eval", "/data/c/*")
    assert status == 0
    spec = components.load_component_from_file(str(path)).pipeline_spec
    gen = constants(spec, "EntityGen")
    assert gen["input_base"] == "/data"
    splits = json.loads(gen["input_config"])["splits"]
    assert splits == [{"name": "train", "pattern": "a/*"}, {"name": "eval", "pattern": "c/*"}]


@pytest.mark.parametrize("text", ["{{$.inputs.parameters['x']}}", "{{workflow.name}}", "{{$}}"])
def test_text_that_kubeflow_would_fill_in_is_refused(compiled, tmp_path, capsys, text):
    recipe = yaml.safe_load((RECIPES / "digits_triplets.yaml").read_text())
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**recipe, "description": text}))
    status, output = compiled(str(path), *FLAGS)
    assert (status, output.exists()) == (2, False)
    assert f"{path}: got {text!r}; expected text without {{{{" in capsys.readouterr().err
    status, output = compiled("digits_triplets", *FLAGS, "--data", f"gs://bucket/{text}/*")
    assert (status, output.exists()) == (2, False)
    assert "--data: got 'gs://bucket/" in capsys.readouterr().err.replace('"', "'")


def test_an_output_folder_with_a_wildcard_is_refused(compiled, capsys):
    status, output = compiled("digits_triplets", *FLAGS, "--runs", "gs://bucket/a [x]")
    assert (status, output.exists()) == (2, False)
    assert "the output folder's path holds '['" in capsys.readouterr().err


def test_a_name_that_is_no_yaml(capsys):
    with pytest.raises(SystemExit):
        kubeflow_runner.main(["--output", "pipeline.json"])
    assert "'pipeline.json'; expected a name that ends in .yaml" in capsys.readouterr().err
