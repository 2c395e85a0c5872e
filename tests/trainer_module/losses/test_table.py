"""Every loss is found by its name, in the table of its family."""

import importlib
import pkgutil

import pytest

from relation.recipe import Part
from trainer_module import losses, registry
from trainer_module.losses import base
from trainer_module.losses import registry as table

FAMILIES = {
    "TUPLE_LOSSES": registry.Loss,
    "LIST_LOSSES": base.ListLoss,
    "BATCH_LOSSES": base.BatchLoss,
    "TAG_LOSSES": base.TagLoss,
    "VALUE_LOSSES": base.ValueLoss,
    "IMAGE_LOSSES": base.ImageLoss,
}
ENTRIES = [(table_, name) for table_ in FAMILIES for name in getattr(table, table_)]


@pytest.mark.parametrize(("family", "name"), ENTRIES)
def test_a_name_is_a_loss_of_its_family_with_defaults(family, name):
    loss = registry.Parts("loss", getattr(table, family)).resolve(Part(type=name))
    assert isinstance(loss, FAMILIES[family])
    assert type(loss).__doc__
    assert type(loss).__module__ == f"trainer_module.losses.{name}"


def test_names_are_of_one_family():
    names = [name for _, name in ENTRIES]
    assert len(set(names)) == len(names)


def test_no_loss_is_missing():
    found = set()
    for module in pkgutil.iter_modules(losses.__path__, "trainer_module.losses."):
        for thing in vars(importlib.import_module(module.name)).values():
            mine = isinstance(thing, type) and thing.__module__ == module.name
            if mine and issubclass(thing, tuple(FAMILIES.values())):
                found.add(module.name.rpartition(".")[2])
    assert found - {"base"} == {name for _, name in ENTRIES}
