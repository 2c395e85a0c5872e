"""The words of an entity, each a vector of its own, for heads that compare word by word."""

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

import keras
from keras import ops
from pydantic import PositiveInt

from relation.schema import Feature, FeatureKind
from trainer_module.numerics import Tensor
from trainer_module.towers.columns import column_inputs
from trainer_module.towers.network import Network
from trainer_module.unit import unit_length
from trainer_module.vocabulary import Vocabulary


class Words(Network):
    """Words of all texts, one text after the other: [batch, words, embedding], 0 = no word.

    A vector's direction is what a word means, its length how much the word counts. Both are learnt.
    Lengths start at log(1 + index) / log(1 + size): vocabularies are in the order of frequency, so
    that is how rare a word is, by Zipf's law. `dropout`: share of words that are left out while
    training.
    """

    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.TEXT})

    normalize: Literal[False] = False
    norm: Literal["none"] = "none"
    embedding: PositiveInt = 64

    def decode(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(features)

    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        inputs = column_inputs(features)
        [vocabulary] = {vocabularies[feature.name] for feature in features}
        indices = [inputs[feature.name] for feature in features]
        joined = keras.layers.Concatenate(axis=1)(indices) if len(indices) > 1 else indices[0]
        words = WordVectors(vocabulary.size, self.embedding)(joined)
        if self.dropout:
            words = keras.layers.Dropout(self.dropout, noise_shape=(None, None, 1))(words)
        return self.model(inputs, words, "words")

    def vector(self, given: Tensor) -> Tensor:
        return ops.sum(given, axis=1)


class WordVectors(keras.layers.Layer):
    """Indices [batch, words] of a vocabulary -> float32 [batch, words, width]; 0 of index 0."""

    def __init__(self, size: int, width: int):
        super().__init__(dtype="float32")
        self.size = size
        normal = keras.initializers.RandomNormal(stddev=width**-0.5)
        self.directions = keras.layers.Embedding(size, width, embeddings_initializer=normal)
        self.scales = keras.layers.Embedding(size, 1, embeddings_initializer="zeros")

    def call(self, indices: Tensor) -> Tensor:
        rarity = ops.log1p(ops.cast(indices, "float32")) / math.log1p(self.size)
        lengths = rarity[..., None] * ops.exp(self.scales(indices))
        return lengths * unit_length(self.directions(indices))
