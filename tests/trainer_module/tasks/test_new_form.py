"""A head of a new form: it and its task are one file, here this one, and nothing else changes."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import keras
import pytest
import tensorflow as tf
from keras import ops

from relation.core.errors import RecipeError
from relation.recipe import Model
from relation.schema import Feature, FeatureKind
from relation.spec import LabelKind, Relation, pairs
from trainer_module.heads.base import Head
from trainer_module.losses.base import ValueLoss
from trainer_module.losses.value_mse import ValueMse
from trainer_module.model.relational_model import RelationalModel
from trainer_module.objectives.per_tuple import PerTuple
from trainer_module.ops import Tensor
from trainer_module.registry import HEADS, TASKS, task_of
from trainer_module.tasks.base import Task
from trainer_module.validate import check_model

RELATION = pairs("item", "item", LabelKind.SCALAR)
FEATURES = {"item": (Feature(name="x", kind=FeatureKind.NUMERIC, dtype="float", width=2),)}


class TotalHead(Head):
    """The total of all embeddings of a tuple."""

    task: ClassVar[str] = "total"

    def check(self, relation: Relation) -> None:
        if relation.label is not LabelKind.SCALAR:
            raise ValueError("it answers for pairs with a number")

    def build(self) -> keras.layers.Layer:
        return keras.layers.Identity()


class Total(Task):
    """One column: the sum of all numbers of all embeddings."""

    losses = (ValueLoss,)

    def roles(self, columns: Sequence[int] | None = None) -> tuple[str, ...]:
        return tuple(role.name for role in self.relation.roles)

    def build(self) -> keras.layers.Layer:
        return self.head.build()

    def outputs(
        self,
        layer: keras.layers.Layer,
        embeddings: Mapping[str, Tensor],
        columns: Sequence[int] | None = None,
    ) -> Tensor:
        return layer(
            sum(ops.sum(embeddings[role], axis=-1, keepdims=True) for role in self.roles())
        )

    def predictions(self, outputs: Tensor) -> Tensor:
        return outputs


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(HEADS._registered, "total", TotalHead)
    monkeypatch.setitem(TASKS._registered, "total", Total)


def _model(loss: str) -> Model:
    tower = {"type": "dense", "dense": [4], "embedding": 2}
    return Model.model_validate({"tower": tower, "head": {"type": "total"}, "loss": {"type": loss}})


def test_recipes_may_name_it_with_a_loss_of_its_task():
    check_model(_model("value_mse"), RELATION, FEATURES)
    with pytest.raises(
        RecipeError, match=r"model\.loss: got 'mse': .* this head needs a ValueLoss$"
    ):
        check_model(_model("mse"), RELATION, FEATURES)
    with pytest.raises(RecipeError, match=r"model\.head: got 'total': it answers for pairs"):
        check_model(_model("value_mse"), pairs("item", "item"), FEATURES)


def test_a_model_predicts_and_has_a_loss():
    task = task_of(TotalHead(), RELATION)
    x = keras.Input((2,), name="x")
    same = keras.Model({"x": x}, keras.layers.Identity()(x))
    model = RelationalModel(task, {"item": ("x",)}, {"item": same}, PerTuple(task, ValueMse()))
    inputs = {"left_x": tf.constant([[1.0, 2.0]]), "right_x": tf.constant([[3.0, -4.0]])}
    outputs = model(inputs)
    assert outputs.numpy().tolist() == [[2.0]]
    assert float(model.compute_loss(inputs, tf.constant([[5.0]]), outputs)) == 9.0
