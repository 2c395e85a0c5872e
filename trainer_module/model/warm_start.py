"""Warm start: take over the weights of an earlier model, by name, where shapes fit."""

import os
import re
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from relation.files.saved_model import load_model
from trainer_module.model.relational_model import RelationalModel


def named_weights(model: RelationalModel) -> dict[str, keras.Variable]:
    """Return the weights of a built model, by names that do not depend on earlier models.

    Keras numbers layers within a process. Here those of a class are numbered within their tower or
    head, as in `item/dense_1/kernel`.
    """
    parts = {**model.towers, "head": model.head}
    named: dict[str, keras.Variable] = {}
    for part, layer in parts.items():
        numbers: dict[tuple[str, str], int] = {}
        stems: dict[str, int] = {}
        for weight in layer.weights:
            words = []
            for word in weight.path.split("/"):
                stem = re.sub(r"_\d+$", "", word)
                if (stem, word) not in numbers:
                    numbers[stem, word] = stems.get(stem, 0)
                    stems[stem] = numbers[stem, word] + 1
                number = numbers[stem, word]
                words.append(f"{stem}_{number}" if number else stem)
            named[f"{part}/{'/'.join(words)}"] = weight
    return named


def start_from(folder: str, model: RelationalModel, vocabularies: Mapping[str, str]) -> str:
    """Take over the weights of an exported model.

    Args:
      folder: of its SavedModel.
      model: built, in the scope of its strategy.
      vocabularies: file of each vocabulary, by name. If one differs from the other model's, rows of
        tables of embeddings have another meaning, and no table is taken over.

    Returns:
      A line that lists what was taken over, and what was not and why.
    """
    saved = load_model(folder)
    earlier = {name: np.asarray(value) for name, value in saved.named_weights.items()}
    own = named_weights(model)
    same = all(_same(os.path.join(folder, "assets", n), path) for n, path in vocabularies.items())
    taken, left = 0, []
    for name, weight in own.items():
        if name not in earlier:
            left.append(f"{name} is new")
        elif earlier[name].shape != tuple(weight.shape):
            left.append(f"{name} was {_shape(earlier[name].shape)}, is {_shape(weight.shape)}")
        elif "embedding" in name and not same:
            left.append(f"{name} has another vocabulary")
        else:
            weight.assign(earlier[name])
            taken += 1
    gone = [f"{name} is gone" for name in earlier if name not in own]
    line = f"warm start: {taken} of {len(own)} weights taken over"
    return line + "".join(f"; {what}" for what in [*left, *gone])


def _same(one: str, other: str) -> bool:
    """Whether two files exist and hold the same bytes."""
    if not (tf.io.gfile.exists(one) and tf.io.gfile.exists(other)):
        return False
    with tf.io.gfile.GFile(one, "rb") as first, tf.io.gfile.GFile(other, "rb") as second:
        return bool(first.read() == second.read())


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a number"
