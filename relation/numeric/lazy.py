"""Keras and TensorFlow, which are imported when one of their names is first used.

That takes ten seconds. A recipe is checked by the classes of its model's parts, and computes
nothing; so these classes import the libraries from here, and their layers when a model is built.
"""

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["keras", "ops", "tf"]

if TYPE_CHECKING:
    import keras
    import tensorflow as tf
    from keras import ops
else:

    class _Lazy:
        """A module, imported when an attribute of it is first asked for."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, attribute: str) -> Any:
            value = getattr(importlib.import_module(self._name), attribute)
            setattr(self, attribute, value)
            return value

    keras, ops, tf = _Lazy("keras"), _Lazy("keras.ops"), _Lazy("tensorflow")
