"""Recipes are checked by the classes of a model's parts without importing TensorFlow."""

import subprocess
import sys

import keras

from relation.numeric import lazy
from trainer_module.towers.backbone import networks

IMPORT_ALL = """
import sys
import trainer_module.build_request, trainer_module.training.trial_values, trainer_module.validate
from trainer_module.registry import HEADS, LOSSES, MINERS, TASKS, TOWERS

print([len([registry[name] for name in registry]) for registry in (HEADS, LOSSES, MINERS, TASKS, TOWERS)])
print({"keras", "tensorflow", "tfx"} & set(sys.modules))
"""


def test_every_part_is_imported_without_tensorflow():
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True)
    assert done.stdout == "[14, 35, 4, 6, 7]\nset()\n", done.stderr


def test_the_names_are_those_of_the_libraries():
    assert lazy.ops.add is keras.ops.add
    assert lazy.keras.layers is keras.layers


def test_the_networks_that_keras_lists():
    listed = {name for name in dir(keras.applications) if name[0].isupper()}
    assert set(networks()) == listed
    assert "ResNet50" in listed
