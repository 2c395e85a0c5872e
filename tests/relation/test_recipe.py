"""Recipes: what is read, and how what is wrong is told."""

import re
from pathlib import Path

import pytest
import yaml

from relation.compiled import CompiledRelation
from relation.core.errors import RecipeError
from relation.load import RECIPES, load_recipe, parse_recipe
from relation.recipe import Recipe

SCHEMA = """
feature { name: "sku" type: BYTES value_count { min: 1 max: 1 } }
feature { name: "price" type: FLOAT value_count { min: 1 max: 1 } }
feature { name: "photo" type: BYTES image_domain {} }
feature { name: "brand" type: BYTES }
"""


def _recipe() -> dict:
    return {
        "name": "shop",
        "data": {"entities": {"product": {"schema": "s.pbtxt", "id": "sku", "path": "rows-*"}}},
        "relation": {"type": "pairs", "source": {"type": "same_label", "feature": "brand"}},
        "model": {
            "tower": {"type": "cnn", "height": 8, "width": 8},
            "head": {"type": "distance"},
            "loss": {"type": "contrastive"},
        },
        "evaluation": {"gates": {"auc": {"min": 0.5}}},
    }


def _write(folder: Path, recipe: dict, schema: str = SCHEMA) -> str:
    (folder / "s.pbtxt").write_text(schema)
    path = folder / "shop.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return str(path)


def _changed(**changes) -> dict:
    """The recipe with values at dotted paths (`__` for a dot) replaced."""
    recipe = _recipe()
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = recipe
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return recipe


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_recipes_load_under_their_own_name(path):
    loaded = load_recipe(path.stem)
    assert loaded.recipe.name == path.stem
    assert loaded.recipe.description


def test_features_leave_out_id_and_label(tmp_path):
    loaded = load_recipe(_write(tmp_path, _recipe()))
    assert [(f.name, f.kind.value, f.dtype) for f in loaded.features] == [
        ("price", "numeric", "float"),
        ("photo", "image", "bytes"),
    ]


def test_features_are_those_the_recipe_names(tmp_path):
    recipe = _changed(model__features=["photo"])
    assert [f.name for f in load_recipe(_write(tmp_path, recipe)).features] == ["photo"]


def test_a_recipe_is_immutable_and_survives_json(tmp_path):
    loaded = load_recipe(_write(tmp_path, _recipe()))
    recipe, request = loaded.recipe, loaded.compiled
    with pytest.raises(ValueError, match="frozen"):
        recipe.name = "other"
    hash(recipe.model.head)
    assert Recipe.model_validate_json(recipe.model_dump_json(by_alias=True)) == recipe
    assert CompiledRelation.model_validate_json(request.model_dump_json()) == request


def test_the_order_of_keys_means_nothing(tmp_path):
    recipe = _recipe()
    tower = dict(reversed(recipe["model"]["tower"].items()))
    reordered = {**recipe, "model": {**recipe["model"], "tower": tower}}
    dumps = [
        load_recipe(_write(tmp_path, one)).recipe.model_dump_json() for one in (recipe, reordered)
    ]
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(reordered, sort_keys=False))
    dumps.append(load_recipe(str(tmp_path / "shop.yaml")).recipe.model_dump_json())
    assert dumps[0] == dumps[1] == dumps[2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data__speed": 3}, r"data\.speed: unknown key \(value 3\)"),
        ({"relation__seed": "x"}, r"relation\.seed: got 'x'; input should be a valid integer"),
        ({"relation__type": "trios"}, r"relation\.type: got 'trios'; input should be one of 'pairs', 'triplets'"),
        ({"relation__sampling": {"positives_per_anchor": -1}}, r"relation\.sampling\.positives_per_anchor: got -1; .*greater than or equal to 0"),
        ({"relation__sampling": {"positives_per_anchor": 0, "negatives_per_anchor": 0}}, r"relation\.sampling: .*so no pair would be made"),
        ({"model__loss": None}, r"model\.loss: missing; it is required"),
        ({"evaluation__gates": {"auc": {}}}, r"evaluation\.gates\.auc: .*at least one of `min`"),
        ({"evaluation__gates": {"auc": {"min": float("nan")}}}, r"evaluation\.gates\.auc\.min: got nan; .*finite"),
        ({"name": "Has Spaces"}, r"name: got 'Has Spaces'; .*pattern"),
        ({"name": "../out"}, r"name: got '../out'; .*pattern"),
        ({"data__entities": {}}, r"data\.entities: got \{\}; .*at least 1"),
        ({"data__entities__product__generator": "demo_data.digits"}, r"data\.entities\.product: .*only one of `path` and `generator`"),
        ({"data__entities__product__format": "xml"}, r"data\.entities\.product\.format: got 'xml'; .*'tfrecord', 'csv', 'parquet', 'jsonl', 'image_folder' or 'image_manifest'"),
        ({"data__entities__product": {"schema": "s.pbtxt", "id": "sku", "generator": "demo_data.digits", "format": "csv"}}, r"a `generator` makes TFRecord files, not csv"),
        ({"data__entities__product__format": "image_folder"}, r"data\.entities\.product\.format: got 'image_folder', which needs the features id, image, label, all of BYTES; .*s\.pbtxt has no 'id'$"),
        ({"data__entities__product__id": "nr"}, r"data\.entities\.product\.id: got 'nr'; expected a feature of .*sku, price, photo, brand"),
        ({"data__entities__product__id": "photo"}, r"got 'photo', an image or a float; expected .*sku, brand"),
        ({"data__entities__product__schema": "no.pbtxt"}, r"data\.entities\.product\.schema: got 'no.pbtxt'; expected a file, but there is neither"),
        ({"relation__source__feature": "price"}, r"relation\.source\.feature: got 'price', an image or a float"),
        ({"model__features": ["colour"]}, r"model\.features: got 'colour'; expected a feature of"),
        ({"evaluation__slices": ["colour"]}, r"evaluation\.slices: got 'colour'; expected a feature of"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_field_value_and_expectation(tmp_path, changes, message):
    path = _write(tmp_path, _changed(**changes))
    with pytest.raises(RecipeError, match=message) as error:
        load_recipe(path)
    assert str(error.value).startswith(path)


IMAGES = """
feature { name: "id" type: BYTES }
feature { name: "image" type: BYTES image_domain {} }
feature { name: "label" type: BYTES }
"""


def test_the_schema_of_an_image_folder(tmp_path):
    recipe = _changed(
        data__entities__product__format="image_folder",
        data__entities__product__id="id",
        relation__source__feature="label",
    )
    loaded = load_recipe(_write(tmp_path, recipe, IMAGES))
    assert loaded.recipe.data.entities["product"].format == "image_folder"
    integers = IMAGES.replace('"label" type: BYTES', '"label" type: INT')
    with pytest.raises(RecipeError, match=r"has 'label' of type int$"):
        load_recipe(_write(tmp_path, recipe, integers))


def test_rows_are_in_tfrecord_files_unless_said_otherwise(tmp_path):
    assert (
        load_recipe(_write(tmp_path, _recipe())).recipe.data.entities["product"].format
        == "tfrecord"
    )
    for given in ("tfrecord", "csv", "parquet"):
        recipe = _changed(data__entities__product__format=given)
        assert load_recipe(_write(tmp_path, recipe)).recipe.data.entities["product"].format == given


def test_every_error_is_told_at_once():
    with pytest.raises(RecipeError) as error:
        parse_recipe("name: 3\nspeed: 4\n", "r.yaml")
    assert str(error.value).splitlines() == [
        "r.yaml: data: missing; it is required",
        "r.yaml: relation: missing; it is required",
        "r.yaml:1: name: got 3; input should be a valid string",
        "r.yaml:2: speed: unknown key (value 4); expected one of name, description, data, relation, "
        "model, training, tuning, evaluation, schedule",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "r.yaml: not YAML"), ("- a\n", "expected a mapping"), ("", "expected a mapping"),
     ("!!python/object/apply:os.system ['true']", "not YAML")],
)  # fmt: skip
def test_what_is_no_recipe_at_all(text, message):
    with pytest.raises(RecipeError, match=message):
        parse_recipe(text, "r.yaml")


def test_unknown_names_list_the_known(tmp_path):
    with pytest.raises(RecipeError, match=r"'nope': no such recipe; shipped ones are .*digits_"):
        load_recipe("nope")
    with pytest.raises(RecipeError, match="no such file"):
        load_recipe(str(tmp_path / "nope.yaml"))


def test_a_feature_named_id_beside_another_id_is_ambiguous(tmp_path):
    schema = SCHEMA + 'feature { name: "id" type: BYTES }'
    with pytest.raises(RecipeError, match=r"got 'sku', but .* also has a feature 'id'"):
        load_recipe(_write(tmp_path, _recipe(), schema))


def test_only_cells_of_csv_stand_for_missing_values(tmp_path):
    changes = {"data__entities__product__missing": ["?"]}
    with pytest.raises(
        RecipeError,
        match=r"product\.missing: got \('\?',\); expected none, since files of format tfrecord",
    ):
        load_recipe(_write(tmp_path, _changed(**changes)))
    changed = _changed(**changes, data__entities__product__format="csv")
    assert load_recipe(_write(tmp_path, changed)).recipe.data.entities["product"].missing == ("?",)


def test_a_derived_id_is_text(tmp_path):
    changes = {"data__entities__product__derive_id": True}
    loaded = load_recipe(_write(tmp_path, _changed(**changes)))
    assert loaded.recipe.data.entities["product"].derive_id
    integer = SCHEMA.replace('"sku" type: BYTES', '"sku" type: INT')
    with pytest.raises(
        RecipeError, match=r"product\.derive_id: got true; .* type int; expected BYTES"
    ):
        load_recipe(_write(tmp_path, _changed(**changes), integer))


def test_names_that_collide_once_prefixed_are_an_error(tmp_path):
    # `negative` + `prob` is the tuple's own `negative_prob`.
    schema = SCHEMA + 'feature { name: "prob" type: FLOAT }'
    recipe = _changed(relation__type="triplets")
    with pytest.raises(
        RecipeError, match=re.escape("'negative' + feature 'prob' becomes 'negative_prob'")
    ):
        load_recipe(_write(tmp_path, recipe, schema))


@pytest.mark.parametrize(
    ("schema", "message"),
    [("feature {", "not a TFDV schema in text form"), ("", "has no features"),
     ('feature { name: "sku" type: STRUCT }', "'sku': got type STRUCT; expected BYTES, INT or FLOAT$"),
     ('feature { name: "sku" type: BYTES } feature { name: "brand" type: BYTES }', "no feature is left")],
)  # fmt: skip
def test_wrong_schemas(tmp_path, schema, message):
    with pytest.raises(RecipeError, match=message):
        load_recipe(_write(tmp_path, _recipe(), schema))
