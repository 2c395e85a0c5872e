"""Every loss is found by its name, and is of one family."""

import importlib
import pkgutil

import pytest

from relation.recipe import ComponentConfig
from trainer_module import losses
from trainer_module.losses import base
from trainer_module.registry import LOSSES

FAMILIES = (
    base.TupleLoss,
    base.ListLoss,
    base.BatchLoss,
    base.TagLoss,
    base.ValueLoss,
    base.ImageLoss,
)


@pytest.mark.parametrize("name", LOSSES.names)
def test_a_name_is_a_loss_of_one_family_with_defaults(name):
    loss = LOSSES.resolve(ComponentConfig(type=name))
    assert sum(isinstance(loss, family) for family in FAMILIES) == 1
    assert type(loss).__doc__
    assert type(loss).__module__ == f"trainer_module.losses.{name}"


def test_no_loss_is_missing():
    modules = set()
    for module in pkgutil.iter_modules(losses.__path__, "trainer_module.losses."):
        for thing in vars(importlib.import_module(module.name)).values():
            mine = isinstance(thing, type) and thing.__module__ == module.name
            if mine and issubclass(thing, FAMILIES):
                modules.add(module.name.rpartition(".")[2])
    assert modules - {"base"} == set(LOSSES.names)
