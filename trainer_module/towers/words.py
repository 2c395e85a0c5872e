"""The words of an entity, each a vector of its own, for heads that compare word by word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from relation.core.config import Size
from relation.numeric.lazy import keras, ops
from relation.schema import Feature, FeatureKind
from trainer_module.ops import Tensor
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.base import Network
from trainer_module.towers.column_vectors import column_inputs, needs_text


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
        from trainer_module.towers.layers import Stacked, WithNumbers, WordVectors

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
