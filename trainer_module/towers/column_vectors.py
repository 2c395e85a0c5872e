"""Numbers, categories and words of an entity as one vector."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping

from pydantic import Field

from relation.core.config import Size
from relation.numeric.lazy import keras, ops
from relation.schema import Feature, FeatureKind
from trainer_module.ops import Tensor
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.base import Network

INDEXED = frozenset({FeatureKind.CATEGORICAL, FeatureKind.TEXT})
"""Kinds whose values are indices of a vocabulary: int64 [batch, width], 0 = missing."""


class WithColumns(Network, abc.ABC):
    """Parameters of a tower over columns."""

    bins: int = Field(0, ge=0, le=2**16)
    """Numbers that each number becomes by piecewise-linear encoding, with which a network learns
    thresholds as easily as a tree does; 0: numbers as they are."""
    category: Size = 16
    """Numbers in the embedding of a category, or of a word in a bag of words."""
    masked: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of the values of categories and texts that are left out at random while training, so
    that a tower learns to do with fewer."""

    def columns(
        self,
        inputs: Mapping[str, Tensor],
        features: Iterable[Feature],
        vocabularies: Mapping[str, Vocabulary],
    ) -> list[Tensor]:
        """One vector for each feature, as `column_vectors` with this tower's parameters.

        Args:
          inputs: by name, numbers float32 and indices int64, both [batch, width].
          features: in the order of the result.
          vocabularies: of each feature of indices, by name.

        Returns:
          One float tensor a feature: [batch, width] or [batch, width · bins] of numbers,
          [batch, category] of indices.
        """
        return column_vectors(inputs, features, vocabularies, self.category, self.masked, self.bins)


def column_inputs(features: Iterable[Feature]) -> dict[str, Tensor]:
    """A Keras input for each feature, by name: [batch, width], a text of any width."""
    return {
        feature.name: keras.Input(
            (None if feature.kind is FeatureKind.TEXT else feature.width,),
            dtype="int64" if feature.kind in INDEXED else "float32",
        )
        for feature in features
    }


def needs_text(features: Iterable[Feature]) -> None:
    """Raises ValueError if no feature is a text."""
    if all(feature.kind is not FeatureKind.TEXT for feature in features):
        raise ValueError("this tower takes at least one text (BYTES with natural_language_domain)")


def column_vectors(
    inputs: Mapping[str, Tensor],
    features: Iterable[Feature],
    vocabularies: Mapping[str, Vocabulary],
    size: int,
    masked: float = 0.0,
    bins: int = 0,
) -> list[Tensor]:
    """One vector for each feature: numbers, or their encoding; indices as the mean of their
    embeddings.

    Features that share a vocabulary share its embeddings. The mean is over present values; without
    any it is 0.

    Args:
      inputs: float32 or int64 [batch, width] by the feature's name.
      features: in the order of the result.
      vocabularies: of each feature of indices, by name.
      size: of an embedding.
      masked: share of the indices that are left out at random while training.
      bins: numbers that encode each number; 0: numbers as they are.

    Returns:
      [batch, width] or [batch, width · bins] of each numeric, [batch, size] of each other feature.
    """
    from trainer_module.towers.layers import MaskedMean, PiecewiseLinearEncoding, RandomlyMasked

    tables: dict[Vocabulary, keras.layers.Layer] = {}
    vectors = []
    for feature in features:
        value = inputs[feature.name]
        if feature.kind in INDEXED:
            vocabulary = vocabularies[feature.name]
            if vocabulary not in tables:
                tables[vocabulary] = keras.layers.Embedding(vocabulary.size, size)
            value = RandomlyMasked(masked)(value) if masked else value
            value = MaskedMean()(tables[vocabulary](value), ops.not_equal(value, 0))
        elif bins:
            value = PiecewiseLinearEncoding(bins)(value)
        vectors.append(value)
    return vectors
