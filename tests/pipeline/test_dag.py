"""The one definition of the pipeline: its nodes, and what is in the cache key of each."""

import json

import pytest

from components.entity_gen import config
from pipeline import dag
from pipeline.paths import RunPaths
from relation.errors import RecipeError
from relation.load import RECIPES, load_recipe, parse_recipe

NODES = [
    "EntityGen",
    "EntityStatistics",
    "ImportSchemaGen",
    "EntityValidator",
    "RelationGen",
    "TupleStatistics",
    "TupleValidator",
    "Transform",
    "Trainer",
    "LatestBlessedModel",
    "Evaluator",
    "Pusher",
]
SHIPPED = sorted(path.stem for path in RECIPES.glob("*.yaml"))


@pytest.fixture
def keys(tmp_path):
    """keys(recipe) -> the execution properties of every node, as text."""
    paths = RunPaths(tmp_path / "runs")
    (paths.serving / "1").mkdir(parents=True)  # Or the Pusher's key would be new every time.

    def of(loaded, **options):
        pipeline = dag.build(loaded, paths, "/rows/*.gz", **options)
        return {
            node.id: json.dumps(node.exec_properties, default=str, sort_keys=True)
            for node in pipeline.components
        }

    return of


def edited(*replacements, name="digits_triplets"):
    """A shipped recipe with parts of its text replaced."""
    loaded = load_recipe(name)
    text = loaded.path.read_text()
    for old, new in replacements:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return loaded._replace(recipe=parse_recipe(text, "edited"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_recipe_has_the_same_nodes_in_an_order_that_runs(name, tmp_path):
    pipeline = dag.build(load_recipe(name), RunPaths(tmp_path), "/rows/*.gz")
    ids = [node.id for node in pipeline.components]
    assert sorted(ids) == sorted(NODES)
    for node in pipeline.components:
        for upstream in node.upstream_nodes:
            assert ids.index(upstream.id) < ids.index(node.id)
    assert pipeline.enable_cache
    assert pipeline.pipeline_info.pipeline_name == name
    assert pipeline.pipeline_info.pipeline_root == str(tmp_path / "pipeline")


def test_nothing_is_learnt_or_related_before_it_is_validated(tmp_path):
    pipeline = dag.build(load_recipe("digits_triplets"), RunPaths(tmp_path), "/rows/*.gz")
    nodes = {node.id: node for node in pipeline.components}

    def upstream(node_id):
        return {node.id for node in nodes[node_id].upstream_nodes}

    assert "EntityValidator" in upstream("RelationGen")
    assert "TupleValidator" in upstream("Transform")
    assert {"Evaluator", "Trainer"} <= upstream("Pusher")


def test_building_again_gives_the_same_keys(keys):
    assert keys(load_recipe("digits_triplets")) == keys(load_recipe("digits_triplets"))


PREPROCESSED = {"RelationGen", "Transform", "Trainer"}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("{type: triplet, margin: 1.0}", "{type: triplet, margin: 0.5}", {"Trainer"}),
        ("dropout: 0.2", "dropout: 0.3", {"Trainer"}),
        ("epochs: 20", "epochs: 21", {"Trainer"}),
        # Transform and Trainer take roles and label from it; their code decides what matters.
        ("triplets_per_anchor: 4", "triplets_per_anchor: 5", PREPROCESSED),
        ("max_drop: 0.01}\n    accuracy", "max_drop: 0.02}\n    accuracy", {"Evaluator"}),
        ("{min: 0.95}", "{min: 0.96}", {"Evaluator"}),
        ("slices: [label]", "slices: []", {"Evaluator"}),
        ("train: 3", "train: 4", {"EntityGen"}),
        ("bad_rows: fail", "bad_rows: skip", {"EntityGen"} | PREPROCESSED),
        ("description: Handwritten", "description: Hand-written", set()),
    ],
)
def test_a_change_is_in_the_keys_of_what_it_concerns(old, new, changed, keys):
    before, after = keys(edited()), keys(edited((old, new)))
    assert {node for node in NODES if before[node] != after[node]} == changed


def test_an_edited_schema_is_in_the_key_of_its_importer_alone(keys, tmp_path):
    loaded = load_recipe("digits_triplets")
    copy = tmp_path / "digits.pbtxt"
    copy.write_text(loaded.schema_path.read_text())
    loaded = loaded._replace(schema_path=copy)
    before = keys(loaded)
    copy.write_text(copy.read_text() + "# a comment\n")
    after = keys(loaded)
    assert {node for node in NODES if before[node] != after[node]} == {"ImportSchemaGen"}


@pytest.mark.parametrize(
    ("given", "features"),
    [
        ("csv", {"id": "bytes", "image": "bytes", "label": "int"}),
        ("parquet", {"id": "bytes", "image": "bytes", "label": "int"}),
        # Their rows say the types, so an edited schema is no reason to read them again.
        ("tfrecord", {}),
        ("image_folder", {}),
    ],
)
def test_entity_gen_knows_the_format_and_for_tables_the_schemas_types(given, features, tmp_path):
    generator = "generator: datasets.digits"
    loaded = edited((generator, f"path: /rows/*\n      format: {given}"))
    pipeline = dag.build(loaded, RunPaths(tmp_path), "/rows/*")
    entity_gen = next(node for node in pipeline.components if node.id == "EntityGen")
    found = config.unpack(entity_gen.exec_properties["custom_config"])
    assert (found.file_format, found.features) == (given, features)


def test_the_stock_resolver_changes_the_resolver_alone(keys):
    loaded = load_recipe("digits_triplets")
    before, after = keys(loaded), keys(loaded, stock_resolver=True)
    assert {node for node in NODES if before[node] != after[node]} == {"LatestBlessedModel"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "type: triplet,",
            "type: tripplet,",
            r"model\.loss\.type: got 'tripplet'; expected one of",
        ),
        ("margin: 1.0", "margin: wide", r"model\.loss\.margin: got 'wide'"),
        ("dropout: 0.2", "drop: 0.2", r"model\.tower\.drop: unknown key"),
        ("auc: {", "au: {", r"evaluation\.gates\.au: unknown metric 'au'"),
        ("{type: triplet, margin: 1.0}", "{type: contrastive}", r"model\.(loss|head)"),
    ],
)
def test_parts_that_do_not_exist_or_fit_are_recipe_errors(old, new, message, keys):
    with pytest.raises(RecipeError, match=message):
        keys(edited((old, new)))
