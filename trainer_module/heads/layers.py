"""The layers of heads: a module of its own, since heads are checked without Keras."""

import math
from collections.abc import Callable, Sequence

import keras
from keras import ops

from trainer_module.ops import Tensor, cosine, distance, l2_normalize, root, weighted_mean

MakeLayer = Callable[[], keras.layers.Layer]


class Stack(keras.layers.Layer):
    """Layers one after the other, in float32."""

    def __init__(self, layers: list[keras.layers.Layer]):
        super().__init__(dtype="float32")
        self.layers = layers

    def call(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


_FEATURES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "left": lambda left, right: left,
    "right": lambda left, right: right,
    "difference": lambda left, right: ops.abs(left - right),
    "product": lambda left, right: left * right,
    "cosine": lambda left, right: cosine(left, right)[:, None],
    "distance": lambda left, right: distance(left, right)[:, None],
}


class PairStack(keras.layers.Layer):
    """Features of a pair into a stack, in float32."""

    def __init__(self, inputs: Sequence[str], stack: keras.layers.Layer):
        super().__init__(dtype="float32")
        self.inputs = inputs
        self.stack = stack

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        features = [_FEATURES[name](left, right) for name in self.inputs]
        return self.stack(ops.concatenate(features, axis=-1))


class Scalar(keras.layers.Layer):
    """The only output of a layer over pairs: [batch, 1] -> [batch]."""

    def __init__(self, pair: keras.layers.Layer):
        super().__init__(dtype="float32")
        self.pair = pair

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return self.pair(left, right)[:, 0]


class PairFunction(keras.layers.Layer):
    """A function of both embeddings, ([batch, d], [batch, d]) -> [batch], in float32."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor], name: str):
        super().__init__(name=name, dtype="float32")
        self.function = function

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return self.function(left, right)


class Only(keras.layers.Layer):
    """The only output of a layer: [batch, d] -> [batch]."""

    def __init__(self, stack: keras.layers.Layer):
        super().__init__(dtype="float32")
        self.stack = stack

    def call(self, embedding: Tensor) -> Tensor:
        return self.stack(embedding)[:, 0]


class LogisticDistanceLayer(keras.layers.Layer):
    """(left [batch, d], right [batch, d]) -> logit [batch]."""

    def __init__(self, slope: float, threshold: float, name: str):
        super().__init__(name=name, dtype="float32")
        constant = keras.initializers.Constant
        self.log_slope = self.add_weight(
            shape=(), initializer=constant(float(keras.ops.log(slope))), name="log_slope"
        )
        self.threshold = self.add_weight(
            shape=(), initializer=constant(threshold), name="threshold"
        )

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        return self.of(distance(left, right))

    def of(self, distances: Tensor) -> Tensor:
        """The logits of distances: float32 [batch] or [rows, columns] -> the same shape."""
        return keras.ops.exp(self.log_slope) * (self.threshold - distances)


class FeatureErrorLayer(keras.layers.Layer):
    """(left [batch, d], right [batch, d]) -> minus the weighted errors, [batch]."""

    def __init__(self, l1: float, l2: float, angle: float):
        super().__init__(name="feature_error", dtype="float32")
        self.weighted = (l1, l2, angle)

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        l1, l2, angle = self.weighted
        gaps = left - right
        error = l1 * ops.sum(ops.abs(gaps), axis=-1) + l2 * ops.sum(ops.square(gaps), axis=-1)
        return -(error + angle * (1.0 - cosine(left, right)))


class Conditional(keras.layers.Layer):
    """(example [..., d], label [..., e]) -> logit [...], conditioned by concatenation.

    Args:
      linear: makes a dense layer, [..., n] -> [..., units].
      stack: makes the last layers, [..., units] -> [..., 1].
      name: of the layer.
    """

    def __init__(self, linear: MakeLayer, stack: MakeLayer, name: str):
        super().__init__(name=name, dtype="float32")
        self.example = linear()
        self.label = linear()
        self.stack = stack()

    def call(self, example: Tensor, label: Tensor) -> Tensor:
        return self.stack(self.hidden(example, label))[..., 0]

    def hidden(self, example: Tensor, label: Tensor) -> Tensor:
        """h, [..., units]: here a dense layer of both, concatenated, as the sum of two layers."""
        return ops.relu(self.example(example) + self.label(label))


class Film(Conditional):
    """The same by FiLM."""

    def __init__(self, linear: MakeLayer, stack: MakeLayer, name: str):
        super().__init__(linear, stack, name)
        self.scale = linear()

    def hidden(self, example: Tensor, label: Tensor) -> Tensor:
        return ops.relu((1.0 + self.scale(label)) * self.example(example) + self.label(label))


class Gate(Conditional):
    """The same by a gate."""

    def hidden(self, example: Tensor, label: Tensor) -> Tensor:
        return ops.sigmoid(self.label(label)) * ops.relu(self.example(example))


CONDITIONAL = {"concatenation": Conditional, "film": Film, "gate": Gate}


class Cumulative(keras.layers.Layer):
    """[batch, d] -> [batch, tags · levels], the levels of the first tag first."""

    def __init__(self, stack: keras.layers.Layer, tags: int, levels: int):
        super().__init__(dtype="float32")
        self.stack = stack
        self.gaps = self.add_weight(
            shape=(tags, levels - 1),
            initializer=keras.initializers.Constant(math.log(math.e - 1.0)),
            name="gaps",
        )

    def call(self, embedding: Tensor) -> Tensor:
        above = ops.cumsum(ops.softplus(self.gaps), axis=1)
        thresholds = ops.pad(above, ((0, 0), (1, 0)))
        logits = self.stack(embedding)[:, :, None] - thresholds
        return ops.reshape(logits, (-1, thresholds.shape[0] * thresholds.shape[1]))


class Aligned(keras.layers.Layer):
    """(left [batch, features, n, d], right [batch, features, m, d]) -> logit [batch]."""

    def __init__(self, stack: keras.layers.Layer):
        super().__init__(dtype="float32")
        self.stack = stack

    def call(self, left: Tensor, right: Tensor) -> Tensor:
        if len(left.shape) != 4 or len(right.shape) != 4:
            raise ValueError(
                f"alignment: got embeddings of shapes {tuple(left.shape)} and "
                f"{tuple(right.shape)}; expected [batch, features, words, d], of the tower `words`"
            )
        ends = l2_normalize(left), l2_normalize(right)
        weights = [root(ops.sum(ops.square(side), axis=-1)) for side in (left, right)]
        words = [ops.reshape(u, (ops.shape(u)[0], -1, u.shape[-1])) for u in ends]
        alike = ops.matmul(words[0], ops.transpose(words[1], (0, 2, 1)))
        covered = _highest(alike, weights[1]), _highest(ops.transpose(alike, (0, 2, 1)), weights[0])
        features, pooled = [], []
        for u, w, highest in zip(ends, weights, covered, strict=True):
            c = ops.reshape(highest, ops.shape(w))
            features += [weighted_mean(c, w, axis=-1), ops.sum(w * (1.0 - c), axis=-1)]
            features.append(_mean(u * (1.0 - c)[..., None], w))
            pooled.append(_mean(u, w))
        features += [ops.abs(pooled[0] - pooled[1]), pooled[0] * pooled[1]]
        return self.stack(ops.concatenate(features, axis=-1))[:, 0]


def _highest(alike: Tensor, weights: Tensor) -> Tensor:
    """Maximum of [batch, n, features · m] over the words with positive weights [batch, features,
    m].

    0 where there are none.
    """
    present = ops.reshape(weights > 0.0, (ops.shape(weights)[0], 1, -1))
    highest = ops.max(ops.where(present, alike, -1.0), axis=-1)
    return ops.where(ops.any(present, axis=-1), highest, 0.0)


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over the words of each feature, one after the other.

    [batch, features, n, d], [batch, features, n] -> [batch, features · d].
    """
    each = ops.broadcast_to(weights[..., None], ops.shape(values))
    means = weighted_mean(values, each, axis=2)
    return ops.reshape(means, (-1, means.shape[1] * means.shape[2]))
