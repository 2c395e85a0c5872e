"""The description of a served model: what it says, and that it is read as it was written."""

import json

import pytest
import tensorflow as tf

from relation.core.errors import DataError
from relation.load import load_recipe
from trainer_module.build_request import training_request
from trainer_module.model.interface import interface_of, read_interface, write_interface
from trainer_module.registry import HEADS, task_of


def described(name):
    request = training_request(load_recipe(name))
    prepared = request.preprocessing
    classes = len(prepared.compiled.label.domain)
    task = task_of(HEADS.resolve(request.model.head), prepared.relation, classes)
    return interface_of(request, task), request


@pytest.mark.parametrize(
    ("recipe", "scored", "outputs", "similarity", "image"),
    [
        ("digits_triplets", ("anchor", "positive"), False, "euclidean", None),
        ("image_tags", ("example",), True, None, None),
        ("relation_class", ("left", "right"), True, None, None),
        ("relation_vector", ("left", "right"), False, None, None),
    ],
)
def test_what_a_model_takes_and_answers(recipe, scored, outputs, similarity, image):
    interface, request = described(recipe)
    compiled = request.preprocessing.compiled
    assert interface.scored == scored
    assert interface.outputs == (compiled.label.domain if outputs else ())
    assert bool(interface.outputs) == outputs
    assert interface.similarity == similarity
    assert interface.image == image
    assert interface.compiled == compiled
    assert interface.relation == compiled.tuples
    assert interface.ids == compiled.entities
    assert interface.features == request.preprocessing.features
    assert interface.schemas == request.schemas != {}
    assert interface.readings == request.readings != {}


def test_the_columns_of_a_table_are_those_of_its_schema_or_else_of_its_tower():
    interface, _ = described("digits_triplets")
    assert set(interface.columns("item")) == {"id", "image", "label"}
    bare = interface.model_copy(update={"schemas": {}})
    assert set(bare.columns("item")) == {feature.name for feature in interface.features["item"]}
    assert bare.columns("nothing") == {}


def saved(folder):
    tf.saved_model.save(tf.Module(), str(folder))
    return str(folder)


def test_it_is_read_as_it_was_written(tmp_path):
    interface, _ = described("digits_triplets")
    model = saved(tmp_path / "model")
    write_interface(interface, model)
    assert read_interface(model) == interface
    text = (tmp_path / "model" / "assets.extra" / "interface.json").read_text()
    assert json.loads(text)["scored"] == ["anchor", "positive"]
    assert text.startswith('{\n "ids"')
    assert text.endswith("}\n")


def test_what_is_no_described_model_is_refused(tmp_path):
    with pytest.raises(DataError) as error:
        read_interface(str(tmp_path))
    assert str(error.value) == (
        f"{tmp_path}: not a SavedModel; expected a folder such as runs/<recipe>/serving/<version>"
    )
    model = saved(tmp_path / "model")
    with pytest.raises(DataError, match=r"model: has no assets\.extra/interface\.json; a model"):
        read_interface(model)
    (tmp_path / "model" / "assets.extra").mkdir()
    (tmp_path / "model" / "assets.extra" / "interface.json").write_text("{}")
    with pytest.raises(DataError, match="not the description of a served model: Field required"):
        read_interface(model)
