"""The words of an entity, each a vector of its own, for heads that compare word by word."""

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

import keras
import numpy as np
from keras import ops

from relation.core.config import Size
from relation.schema import Feature, FeatureKind
from trainer_module.ops import Tensor, l2_normalize
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.base import Network
from trainer_module.towers.column_vectors import column_inputs, needs_text

WAVES = 16
"""Sinusoids of a number."""
SLOWEST, FASTEST = 0.5, 16.0
"""Their frequencies, in radians a standard deviation."""


class Words(Network):
    """Each text and number as words: [batch, features, words, d], texts first; 0 = no word.

    A word's direction says which one it is: drawn at random and kept, so that words are nearly at
    right angles (random indexing of Kanerva, Kristoferson, Holst, CogSci 2000). Its length says how
    much it counts, and is learnt; it starts at log(1 + index) / log(1 + size): vocabularies are in
    the order of frequency, so that is how rare a word is, by Zipf's law.

    A number is one word of length 1, its direction sinusoids of it, as those of positions in
    Vaswani et al. 2017: the nearer two numbers are, the more they are alike. Each has `2·WAVES`
    places of its own after the `embedding` of words, so it is like no word and no other number.

    `dropout` is the share of words that are left out while training.
    """

    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.TEXT, FeatureKind.NUMERIC})

    normalize: Literal[False] = False
    """Always false: the length of a word says how much it counts."""
    norm: Literal["none"] = "none"
    """Always none, since there are no hidden layers."""
    embedding: Size = 64
    """Numbers in the direction of a word."""

    def check(self, features: tuple[Feature, ...]) -> None:
        super().check(features)
        needs_text(features)

    def decode(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(features)

    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        inputs = column_inputs(features)
        texts = [feature.name for feature in features if feature.kind is FeatureKind.TEXT]
        numbers = [inputs[feature.name] for feature in features if feature.name not in texts]
        [vocabulary] = {vocabularies[name] for name in texts}
        indices = Stacked()([inputs[name] for name in texts])
        words = WordVectors(vocabulary.size, self.embedding)(indices)
        if numbers:
            words = WithNumbers()([words, *numbers])
        if self.dropout:
            words = keras.layers.Dropout(self.dropout, noise_shape=(None, None, None, 1))(words)
        return self.model(inputs, words, "words")

    def vector(self, output: Tensor) -> Tensor:
        return ops.sum(output, axis=(1, 2))


class Stacked(keras.layers.Layer):
    """Indices [batch, n] of each text, of any n -> [batch, texts, largest n], padded with 0."""

    def __init__(self) -> None:
        super().__init__(dtype="int64")

    def call(self, texts: list[Tensor]) -> Tensor:
        sizes = [ops.shape(text)[1] for text in texts]
        most = ops.max(ops.stack(sizes))
        padded = [
            ops.pad(text, [[0, 0], [0, most - size]])
            for text, size in zip(texts, sizes, strict=True)
        ]
        return ops.stack(padded, axis=1)


class WordVectors(keras.layers.Layer):
    """Indices of a vocabulary, any shape -> float32 [..., width]; 0 of index 0."""

    def __init__(self, size: int, width: int):
        super().__init__(dtype="float32")
        self.size = size
        normal = keras.initializers.RandomNormal(stddev=width**-0.5)
        self.directions = keras.layers.Embedding(
            size, width, embeddings_initializer=normal, trainable=False
        )
        self.scales = keras.layers.Embedding(size, 1, embeddings_initializer="zeros")

    def call(self, indices: Tensor) -> Tensor:
        rarity = ops.log1p(ops.cast(indices, "float32")) / math.log1p(self.size)
        lengths = rarity[..., None] * ops.exp(self.scales(indices))
        return lengths * l2_normalize(self.directions(indices))


class WithNumbers(keras.layers.Layer):
    """Words [batch, texts, n, d], then numbers [batch, k], with Σk = s -> both as words.

    float32 [batch, texts + s, n, d + s·2·WAVES]; a number is the one word of a feature of its own.
    """

    def __init__(self) -> None:
        super().__init__(dtype="float32")
        self.frequencies = np.geomspace(SLOWEST, FASTEST, WAVES, dtype="float32")

    def call(self, tensors: list[Tensor]) -> Tensor:
        words, *numbers = tensors
        values = ops.concatenate(numbers, axis=-1)
        angles = values[..., None] * self.frequencies
        waves = ops.concatenate([ops.cos(angles), ops.sin(angles)], axis=-1) / WAVES**0.5
        count, width = values.shape[1], words.shape[3]
        own = ops.eye(count)[:, :, None] * waves[:, :, None, :]
        own = ops.reshape(own, (-1, count, 1, count * 2 * WAVES))
        own = ops.pad(own, [[0, 0], [0, 0], [0, ops.shape(words)[2] - 1], [width, 0]])
        words = ops.pad(words, [[0, 0], [0, 0], [0, 0], [0, count * 2 * WAVES]])
        return ops.concatenate([words, own], axis=1)
