"""Numbers, categories and words of an entity as one vector."""

import abc
from collections.abc import Iterable, Mapping

import keras
from keras import ops
from pydantic import Field, PositiveInt

from relation.schema import Feature, FeatureKind
from trainer_module.numerics import Tensor
from trainer_module.towers.network import Network
from trainer_module.vocabulary import Vocabulary

INDEXED = frozenset({FeatureKind.CATEGORICAL, FeatureKind.TEXT})
"""Kinds whose values are indices of a vocabulary: int64 [batch, width], 0 = missing."""


class WithColumns(Network, abc.ABC):
    """Parameters of a tower over columns.

    `category`: the size of the embedding of a category, or of a word of a bag of words. `masked`:
    share of the values of categories and texts that are left out at random while training: so a
    tower that is given some labels learns to do with fewer.
    """

    category: PositiveInt = 16
    masked: float = Field(0.0, ge=0.0, lt=1.0)

    def columns(
        self,
        inputs: Mapping[str, Tensor],
        features: Iterable[Feature],
        vocabularies: Mapping[str, Vocabulary],
    ) -> list[Tensor]:
        """As `column_vectors`."""
        return column_vectors(inputs, features, vocabularies, self.category, self.masked)


def column_inputs(features: Iterable[Feature]) -> dict[str, Tensor]:
    """A Keras input for each feature, by name: [batch, width], a text of any width."""
    return {
        feature.name: keras.Input(
            (None if feature.kind is FeatureKind.TEXT else feature.width,),
            dtype="int64" if feature.kind in INDEXED else "float32",
            name=feature.name,
        )
        for feature in features
    }


def column_vectors(
    inputs: Mapping[str, Tensor],
    features: Iterable[Feature],
    vocabularies: Mapping[str, Vocabulary],
    size: int,
    masked: float = 0.0,
) -> list[Tensor]:
    """One vector a feature: numbers as they are, indices as the mean of their embeddings.

    Features that share a vocabulary share its embeddings. The mean is over the values that are
    there; without any it is 0.

    Args:
      inputs: float32 or int64 [batch, width] by the feature's name.
      features: in the order of the result.
      vocabularies: of each feature of indices, by name.
      size: of an embedding.
      masked: share of the indices that are left out at random while training.

    Returns:
      [batch, width] of each numeric, [batch, size] of each other feature.
    """
    tables: dict[Vocabulary, keras.layers.Layer] = {}
    vectors = []
    for feature in features:
        value = inputs[feature.name]
        if feature.kind in INDEXED:
            vocabulary = vocabularies[feature.name]
            if vocabulary not in tables:
                tables[vocabulary] = keras.layers.Embedding(vocabulary.size, size)
            value = Masked(masked)(value) if masked else value
            value = MaskedMean()(tables[vocabulary](value), ops.not_equal(value, 0))
        vectors.append(value)
    return vectors


class Masked(keras.layers.Layer):
    """Indices of any shape, each 0 (missing) with a probability while training."""

    def __init__(self, share: float):
        super().__init__(dtype="int64")
        self.share = share
        self.seed = keras.random.SeedGenerator()

    def call(self, indices: Tensor, training: bool = False) -> Tensor:
        if not training:
            return indices
        kept = keras.random.uniform(ops.shape(indices), dtype="float32", seed=self.seed)
        return ops.where(kept >= self.share, indices, 0)


class MaskedMean(keras.layers.Layer):
    """Mean over the second axis of what the mask keeps: [batch, n, d], [batch, n] -> [batch, d].

    0 where it keeps nothing.
    """

    def call(self, values: Tensor, kept: Tensor) -> Tensor:
        weights = ops.cast(kept, values.dtype)[..., None]
        count = ops.maximum(ops.sum(weights, axis=1), 1.0)
        return ops.sum(values * weights, axis=1) / count
