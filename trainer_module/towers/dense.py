"""A multilayer perceptron over numbers, categories and bags of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from relation.core.config import Size, Sizes
from relation.numeric.lazy import keras
from relation.schema import Feature, FeatureKind
from trainer_module.ops import Tensor
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.column_vectors import WithColumns, column_inputs


class Dense(WithColumns):
    """Numbers, categories and bags of words side by side; dense layers with `norm` and ReLU; the
    embedding."""

    kinds: ClassVar[frozenset[FeatureKind]] = frozenset(
        {FeatureKind.NUMERIC, FeatureKind.CATEGORICAL, FeatureKind.TEXT}
    )

    dense: Sizes = (128,)
    """Units of each dense layer before the embedding."""
    embedding: Size = 64
    """Numbers in the embedding."""

    def decode(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(features)

    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        inputs = column_inputs(features)
        vectors = self.columns(inputs, features, vocabularies)
        x = keras.layers.Concatenate()(vectors) if len(vectors) > 1 else vectors[0]
        for units in self.dense:
            x = keras.layers.Dense(units, kernel_regularizer=self.penalty())(x)
            x = self.with_dropout(keras.layers.ReLU()(self.normalized_hidden(x)))
        return self.model(inputs, self.project(x, self.embedding), "dense")
