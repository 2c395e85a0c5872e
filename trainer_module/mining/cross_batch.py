"""Cross-batch memory: embeddings of earlier batches as further columns."""

from typing import Any

import keras
import tensorflow as tf

from trainer_module.ops import Tensor


class CrossBatchMemory(keras.layers.Layer):
    """The last `size` embeddings with their keys, first in, first out; not trained, no gradient.

    Its embeddings may be further columns beside those of the batch: positives are those with equal
    keys (`masks.same`), and valid are those that are `filled`. Embeddings change slowly only after
    the first steps, so the memory is of use after a warm-up.

    Wang et al., "Cross-Batch Memory for Embedding Learning", CVPR 2020.

    Args:
      size: embeddings that it holds.
      dimension: of an embedding.
      keys: integers kept with each embedding, such as its group and its id.
    """

    def __init__(self, size: int, dimension: int, keys: int = 1, **kwargs: Any):
        super().__init__(trainable=False, **kwargs)
        self.size = size
        zeros = {"initializer": "zeros", "trainable": False}
        self._embeddings = self.add_weight(shape=(size, dimension), name="embeddings", **zeros)
        self._keys = self.add_weight(shape=(size, keys), dtype="int64", name="keys", **zeros)
        self._pushed = self.add_weight(shape=(), dtype="int64", name="pushed", **zeros)

    def contents(self) -> tuple[Tensor, Tensor, Tensor]:
        """Embeddings [size, d] float32, keys [size, keys] int64, filled [size] bool."""
        filled = tf.range(self.size, dtype="int64") < tf.convert_to_tensor(self._pushed)
        return (
            tf.convert_to_tensor(self._embeddings),
            tf.convert_to_tensor(self._keys),
            filled,
        )

    def push(self, embeddings: Tensor, keys: Tensor) -> None:
        """Adds embeddings [batch, d] and keys [batch, keys], in place of the oldest.

        Of a batch larger than the memory the last rows stay.
        """
        kept = tf.cast(tf.stop_gradient(embeddings), self._embeddings.dtype)[-self.size :]
        count = tf.shape(kept, out_type="int64")[0]
        positions = ((self._pushed + tf.range(count)) % self.size)[:, tf.newaxis]
        rows = keras.ops.scatter_update(self._embeddings, positions, kept)
        numbers = keras.ops.scatter_update(
            self._keys, positions, tf.cast(keys, "int64")[-self.size :]
        )
        self._embeddings.assign(rows)
        self._keys.assign(numbers)
        self._pushed.assign_add(count)
