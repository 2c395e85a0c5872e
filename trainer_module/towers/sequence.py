"""A transformer over the words of an entity's texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from relation.core.config import Size
from relation.numeric.lazy import keras, ops
from relation.schema import Feature, FeatureKind
from trainer_module.ops import Tensor
from trainer_module.preprocessing.vocabulary import Vocabulary
from trainer_module.towers.column_vectors import WithColumns, column_inputs, needs_text


class Sequence(WithColumns):
    """The texts one after the other, each word with its position; blocks of self-attention and of
    a dense layer (Vaswani et al. 2017; normalized before each, as in GPT-2); the mean over words;
    the embedding. Numbers and categories join before the embedding.

    All texts of an entity type share one vocabulary, and so the embeddings of its words. Padding
    changes nothing.
    """

    kinds: ClassVar[frozenset[FeatureKind]] = frozenset(
        {FeatureKind.TEXT, FeatureKind.NUMERIC, FeatureKind.CATEGORICAL}
    )

    width: Size = Field(64, multiple_of=2)
    """Numbers in the embedding of a word; even, and a multiple of `heads`."""
    blocks: int = Field(2, ge=1, le=100)
    """Blocks of self-attention and a dense layer."""
    heads: Size = 4
    """Attention heads of each block."""
    dense: Size = 128
    """Units of the dense layer of each block."""
    norm: Literal["none", "layer"] = "layer"
    """Normalization before each layer of a block: over the features of each word, or none."""
    embedding: Size = 64
    """Numbers in the embedding."""

    def check(self, features: tuple[Feature, ...]) -> None:
        super().check(features)
        needs_text(features)
        if self.width % self.heads:
            raise ValueError(f"width: got {self.width}; expected a multiple of heads, {self.heads}")

    def decode(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(features)

    def build(
        self, features: tuple[Feature, ...], vocabularies: Mapping[str, Vocabulary] = {}
    ) -> keras.Model:
        from trainer_module.towers.layers import MaskedMean

        inputs = column_inputs(features)
        texts = [f for f in features if f.kind is FeatureKind.TEXT]
        others = [f for f in features if f.kind is not FeatureKind.TEXT]
        words = self._words({f.name: inputs[f.name] for f in texts}, vocabularies)
        kept = ops.not_equal(_joined([inputs[f.name] for f in texts]), 0)
        x = self.with_dropout(words)
        for _ in range(self.blocks):
            x = self._block(x, kept)
        pooled = MaskedMean()(self.normalized_hidden(x), kept)
        x = _joined([pooled, *self.columns(inputs, others, vocabularies)])
        return self.model(inputs, self.project(x, self.embedding), "sequence")

    def _words(
        self, indices: Mapping[str, Tensor], vocabularies: Mapping[str, Vocabulary]
    ) -> Tensor:
        """Embedded words of all texts, each with its position: [batch, words, width]."""
        from trainer_module.towers.layers import Place

        tables = {
            vocabulary: keras.layers.Embedding(
                vocabulary.size,
                self.width,
                embeddings_initializer=keras.initializers.RandomNormal(stddev=self.width**-0.5),
            )
            for vocabulary in dict.fromkeys(vocabularies[name] for name in indices)
        }
        return _joined([Place()(tables[vocabularies[name]](i)) for name, i in indices.items()])

    def _block(self, x: Tensor, kept: Tensor) -> Tensor:
        """[batch, words, width], [batch, words] -> [batch, words, width]."""
        attention = keras.layers.MultiHeadAttention(
            self.heads,
            self.width // self.heads,
            dropout=self.dropout,
            kernel_regularizer=self.penalty(),
        )
        hidden = self.normalized_hidden(x)
        x = x + self.with_dropout(attention(hidden, hidden, attention_mask=kept[:, None, :]))
        y = self._dense(self.dense, "gelu")(self.normalized_hidden(x))
        return x + self.with_dropout(self._dense(self.width)(y))

    def _dense(self, units: int, activation: str | None = None) -> keras.layers.Layer:
        return keras.layers.Dense(units, activation=activation, kernel_regularizer=self.penalty())


def _joined(parts: list[Tensor]) -> Tensor:
    """Concatenate along the first axis after the batch.

    Args:
      parts: integers or floats, each [batch, n, ...]; all axes but n are the same.

    Returns:
      [batch, sum of all n, ...].
    """
    return keras.layers.Concatenate(axis=1)(parts) if len(parts) > 1 else parts[0]
