"""The definition of the pipeline: its nodes, and the cache key of each."""

import json
import sys

import pytest

from components.entity_gen import custom_config
from pipeline import dag
from pipeline.paths import RunPaths
from relation.core import fingerprint
from relation.core.errors import RecipeError
from relation.load import PROJECT, RECIPES, load_recipe
from tests.relation import systems

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
    "CorpusEvaluator",
    "Evaluator",
    "Pusher",
    "Report",
]
MODEL = ["Trainer", "LatestBlessedModel", "CorpusEvaluator", "Evaluator", "Pusher"]
ROWS = ["EntityGen", "EntityStatistics", "ImportSchemaGen", "EntityValidator"]
SHIPPED = sorted(path.stem for path in RECIPES.glob("*.yaml"))


def patterns(loaded):
    """Return a glob for each entity type and edge list."""
    return {name: f"/{name}/*.gz" for name in loaded.recipe.data.tables}


def built(loaded, folder, **options):
    """Return the nodes of a pipeline by id."""
    pipeline = dag.build(loaded, RunPaths(folder), patterns(loaded), **options)
    return {node.id: node for node in pipeline.components}


@pytest.fixture
def keys(tmp_path):
    """keys(recipe) -> the execution properties of every node, as text."""
    paths = RunPaths(tmp_path / "runs")
    (paths.serving / "1").mkdir(parents=True)  # Or the Pusher's key would be new every time.

    def of(loaded, **options):
        nodes = built(loaded, paths.root, **options)
        return {
            id_: json.dumps(node.exec_properties, default=str, sort_keys=True)
            for id_, node in nodes.items()
        }

    return of


@pytest.fixture
def edited(tmp_path):
    """edited((old, new)) -> a shipped recipe with parts of its text replaced."""

    def load(*replacements, name="digits_triplets"):
        text = load_recipe(name).path.read_text()
        for old, new in replacements:
            assert text.count(old) == 1
            text = text.replace(old, new)
        path = tmp_path / "edited.yaml"
        path.write_text(text)
        return load_recipe(str(path))

    return load


@pytest.mark.parametrize("name", SHIPPED)
def test_every_recipe_has_nodes_in_an_order_that_runs(name, tmp_path):
    loaded = load_recipe(name)
    pipeline = dag.build(loaded, RunPaths(tmp_path), patterns(loaded))
    ids = [node.id for node in pipeline.components]
    first, *others = patterns(loaded)
    expected = [node for node in NODES if loaded.recipe.model or node not in MODEL]
    expected += [f"{node}_{name}" for name in others for node in ROWS]
    only_schema = set(loaded.schemas) - {first, *others}
    expected += [f"ImportSchemaGen_{name}" for name in only_schema]
    if loaded.recipe.data.split.unit in ("component", "time"):
        expected.append("SplitGen")
    assert sorted(ids) == sorted(expected)
    for node in pipeline.components:
        for upstream in node.upstream_nodes:
            assert ids.index(upstream.id) < ids.index(node.id)
    assert pipeline.enable_cache
    assert pipeline.pipeline_info.pipeline_name == name
    assert pipeline.pipeline_info.pipeline_root == str(tmp_path / "pipeline")


def test_nothing_is_learnt_or_related_before_it_is_validated(tmp_path):
    nodes = built(load_recipe("digits_triplets"), tmp_path)

    def upstream(node_id):
        return {node.id for node in nodes[node_id].upstream_nodes}

    assert "EntityValidator" in upstream("RelationGen")
    assert "TupleValidator" in upstream("Transform")
    assert {"Evaluator", "Trainer"} <= upstream("Pusher")


def test_building_again_gives_the_same_keys(keys):
    assert keys(load_recipe("digits_triplets")) == keys(load_recipe("digits_triplets"))


def config_of(entity_gen):
    return custom_config.unpack(entity_gen.exec_properties["custom_config"])


PREPROCESSED = {"RelationGen", "Transform", "Trainer", "CorpusEvaluator"}
SHOWN = {"Report"}
"""Keys that affect only the page; its other content follows from its inputs."""


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("{type: triplet, margin: 1.0}", "{type: triplet, margin: 0.5}", {"Trainer"}),
        ("dropout: 0.2", "dropout: 0.3", {"Trainer"}),
        ("epochs: 20", "epochs: 21", {"Trainer"}),
        # Transform, Trainer and CorpusEvaluator take roles and label from it; their code decides what matters.
        ("triplets_per_anchor: 4", "triplets_per_anchor: 5", PREPROCESSED | SHOWN),
        ("max_drop: 0.01}\n    accuracy", "max_drop: 0.02}\n    accuracy", {"Evaluator"}),
        ("{min: 0.95}", "{min: 0.96}", {"Evaluator"}),
        ("slices: [label]", "slices: []", {"CorpusEvaluator", "Evaluator"}),
        # RelationGen splits what has no split yet.
        ("train: 3", "train: 4", {"EntityGen"} | PREPROCESSED | SHOWN),
        ("bad_rows: fail", "bad_rows: skip", {"EntityGen"} | PREPROCESSED | SHOWN),
        ("description: Handwritten", "description: Hand-written", SHOWN),
    ],
)
def test_a_change_is_in_the_keys_of_what_it_concerns(old, new, changed, keys, edited):
    before, after = keys(edited()), keys(edited((old, new)))
    assert {node for node in NODES if before[node] != after[node]} == changed


def test_an_edited_schema_is_in_the_key_of_its_importer_alone(keys, tmp_path):
    loaded = load_recipe("digits_triplets")
    copy = tmp_path / "digits.pbtxt"
    copy.write_text(loaded.schema_path.read_text())
    loaded = loaded._replace(schema_paths={"item": copy})
    before = keys(loaded)
    copy.write_text(copy.read_text() + "# a comment\n")
    after = keys(loaded)
    assert {node for node in NODES if before[node] != after[node]} == {"ImportSchemaGen"}


DIGITS = PROJECT / "schemas" / "digits.pbtxt"
IMAGES = """
feature { name: "id" type: BYTES }
feature { name: "image" type: BYTES image_domain {} }
feature { name: "label" type: BYTES }
"""


@pytest.mark.parametrize(
    ("file_format", "features"),
    [
        ("csv", {"id": "bytes", "image": "bytes", "label": "int"}),
        ("parquet", {"id": "bytes", "image": "bytes", "label": "int"}),
        ("jsonl", {"id": "bytes", "image": "bytes", "label": "int"}),
        # Which levels of folders are features.
        ("image_folder", {"id": "bytes", "image": "bytes", "label": "bytes"}),
        # Their rows say the types, so an edited schema is no reason to read them again.
        ("tfrecord", {}),
    ],
)
def test_entity_gen_knows_the_format_and_for_tables_the_schemas_types(
    file_format, features, tmp_path, edited
):
    generator = "generator: demo_data.digits"
    schema = tmp_path / "images.pbtxt"
    schema.write_text(IMAGES if file_format == "image_folder" else DIGITS.read_text())
    loaded = edited(
        (generator, f"path: /rows/*\n      format: {file_format}"),
        ("schemas/digits.pbtxt", str(schema)),
    )
    actual = config_of(built(loaded, tmp_path)["EntityGen"])
    assert (actual.file_format, actual.features) == (file_format, features)


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
def test_parts_that_do_not_exist_or_fit_are_recipe_errors(old, new, message, keys, edited):
    with pytest.raises(RecipeError, match=message):
        keys(edited((old, new)))


def sources(node):
    """Return the producer node and output of each input of a node."""
    return {
        key: (channel.producer_component_id, channel.output_key)
        for key, channel in node.inputs.items()
    }


@pytest.mark.parametrize(
    ("recipe", "inputs"),
    [
        (
            "digits_triplets",
            {"examples": ("EntityGen", "examples"), "schema": ("ImportSchemaGen", "schema")},
        ),
        (
            "two_tower_retrieval",
            {
                "examples": ("EntityGen", "examples"),
                "schema": ("ImportSchemaGen", "schema"),
                "other_examples": ("EntityGen_item", "examples"),
                "other_schema": ("ImportSchemaGen_item", "schema"),
                "edges": ("EntityGen_purchases", "examples"),
                "edge_schema": ("ImportSchemaGen_purchases", "schema"),
            },
        ),
        (
            "relation_class",
            {
                "examples": ("SplitGen", "split_examples"),
                "schema": ("ImportSchemaGen", "schema"),
                "edges": ("SplitGen", "split_edges"),
                "edge_schema": ("ImportSchemaGen_links", "schema"),
            },
        ),
        (
            "label_conditioned",
            {
                "examples": ("EntityGen", "examples"),
                "schema": ("ImportSchemaGen", "schema"),
                "other_schema": ("ImportSchemaGen_tag", "schema"),
            },
        ),
        (
            "image_labels_dense",
            {
                "schema": ("ImportSchemaGen_photograph", "schema"),
                "other_schema": ("ImportSchemaGen_drawing", "schema"),
                "edges": ("EntityGen", "examples"),
                "edge_schema": ("ImportSchemaGen", "schema"),
            },
        ),
        (
            "entity_matching",
            {
                "schema": ("ImportSchemaGen_offer", "schema"),
                "edges": ("EntityGen", "examples"),
                "edge_schema": ("ImportSchemaGen", "schema"),
            },
        ),
    ],
)
def test_the_inputs_of_relation_gen(recipe, inputs, tmp_path):
    nodes = built(load_recipe(recipe), tmp_path)
    assert sources(nodes["RelationGen"]) == inputs
    validators = {id_ for id_ in nodes if id_.startswith("EntityValidator")}
    for id_ in ["RelationGen", *({"SplitGen"} & set(nodes))]:
        assert validators <= {node.id for node in nodes[id_].upstream_nodes}


def test_each_input_has_a_chain_of_its_own(tmp_path):
    nodes = built(load_recipe("two_tower_retrieval"), tmp_path)
    for suffix, name in (("", "user"), ("_item", "item"), ("_purchases", "purchases")):
        gen = nodes[f"EntityGen{suffix}"]
        assert gen.exec_properties["input_base"] == f"/{name}"
        [statistics] = sources(nodes[f"EntityStatistics{suffix}"]).values()
        assert statistics == (f"EntityGen{suffix}", "examples")
        validator = nodes[f"EntityValidator{suffix}"]
        assert sources(validator) == {
            "statistics": (f"EntityStatistics{suffix}", "statistics"),
            "schema": (f"ImportSchemaGen{suffix}", "schema"),
        }
        assert validator.exec_properties["title"] == f"rows of {name}"
        path = nodes[f"ImportSchemaGen{suffix}"].exec_properties["schema_file"]
        assert path == str(load_recipe("two_tower_retrieval").schema_paths[name])
    actual = {name: config_of(nodes[name]) for name in nodes if name.startswith("EntityGen")}
    assert {name: (one.id_feature, one.partition) for name, one in actual.items()} == {
        "EntityGen": ("id", "id"),
        "EntityGen_item": ("id", "id"),
        "EntityGen_purchases": (None, None),
    }


def test_schemas_are_where_the_engine_says(tmp_path):
    loaded = load_recipe("two_tower_retrieval")
    nodes = built(loaded, tmp_path, schema_files={"item": "/app/items.pbtxt"})
    assert nodes["ImportSchemaGen_item"].exec_properties["schema_file"] == "/app/items.pbtxt"
    assert nodes["ImportSchemaGen"].exec_properties["schema_file"].endswith("schemas/users.pbtxt")


def test_listed_negatives_are_read_like_edges_and_reach_relation_gen(tmp_path):
    negatives = {"draw": "given", "edges": "mined", "probability": "likeness"}
    mined = {**systems.BUYS, "format": "csv"}
    changes = {"data.edges.mined": mined, "relation.sampling.negatives": negatives}
    nodes = built(systems.load(tmp_path, "edge_triplets", changes), tmp_path)
    inputs = nodes["RelationGen"].inputs
    assert inputs["negatives"] is nodes["EntityGen_mined"].outputs["examples"]
    assert inputs["negative_schema"] is nodes["ImportSchemaGen_mined"].outputs["schema"]
    assert inputs["edges"] is nodes["EntityGen_votes"].outputs["examples"]
    actual = custom_config.unpack(nodes["EntityGen_mined"].exec_properties["custom_config"])
    assert actual.file_format == "csv"


def test_the_evaluator_judges_on_tuples_of_eval_alone(tmp_path):
    evaluator = built(load_recipe("digits_triplets"), tmp_path)["Evaluator"]
    assert json.loads(evaluator.exec_properties["example_splits"]) == ["eval"]
    assert sources(evaluator)["examples"] == ("RelationGen", "tuples")


ENTRIES = {
    "EntityGen": ["components.entity_gen.executor"],
    "EntityValidator": ["components.validation.executor"],
    "SplitGen": ["components.split_gen.executor"],
    "RelationGen": ["components.relation_gen.executor", "relation.sources.base"],
    "TupleValidator": ["components.validation.executor"],
    "Transform": [
        "components.transform.executor",
        "trainer_module.preprocessing.transform",
    ],
    "Trainer": ["trainer_module.run_fn"],
    "CorpusEvaluator": ["components.corpus_evaluator.executor"],
    "Evaluator": ["components.evaluator.executor", "trainer_module.metrics.tfma_metrics"],
    "Pusher": ["components.pusher.executor"],
    # Its page shows the fingerprints of the code of tuples and of training.
    "Report": [
        "components.report.executor",
        "components.relation_gen.executor",
        "trainer_module.run_fn",
    ],
}
"""Modules of this project that a node loads when it runs; nodes of TFX alone load none."""


def test_an_edit_of_a_file_changes_the_nodes_that_run_it_and_no_other(tmp_path, monkeypatch):
    """For every file of the project and every node, by keys that list the files they are of."""

    def files_of(*modules):
        return sorted(fingerprint._closure(modules))

    def listed(*modules):
        return "".join(f"({name})" for name in files_of(*modules))

    of_code = fingerprint.code_fingerprint
    for module in [m for name, m in sys.modules.items() if name.startswith("pipeline.")]:
        if vars(module).get("code_fingerprint") is of_code:
            monkeypatch.setattr(module, "code_fingerprint", listed)
    monkeypatch.setattr("components.pusher.component.code_fingerprint", listed)
    project = {*files_of(*(entry for entries in ENTRIES.values() for entry in entries))}
    for id_, node in built(load_recipe("relation_class"), tmp_path).items():
        key = json.dumps(node.exec_properties, default=str)
        inside = {name for name in project if f"({name})" in key}
        entries = ENTRIES.get(id_.split("_")[0], [])
        assert inside == {*files_of(*entries)}, id_
        executor = getattr(node.executor_spec, "class_path", "").rpartition(".")[0]
        assert executor in entries or not executor.startswith("components."), id_
