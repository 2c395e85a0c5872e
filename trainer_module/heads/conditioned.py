"""How well a label fits an example: the label is an input."""

from typing import ClassVar, Literal

import keras
from keras import ops

from relation.core.config import Size, Sizes
from trainer_module.heads.base import SimilarityHead
from trainer_module.heads.perceptron import Perceptron
from trainer_module.ops import Tensor


class Conditioned(Perceptron, SimilarityHead):
    """relatedness = perceptron(h), a logit; h has `units` numbers, of the example e (left) and the
    embedding l of the label (right):

    | `by` | h |
    |---|---|
    | `concatenation` | relu(W[e, l] + b) |
    | `film` | relu((1 + γ(l))·(We + b) + β(l)), γ and β linear (Perez et al. 2018) |
    | `gate` | σ(γ(l))·relu(We + b), γ linear |

    Axes before the last broadcast: examples [batch, 1, d] and labels [1, labels, e] give the logits
    of every label, [batch, labels].
    """

    is_logit: ClassVar[bool] = True

    by: Literal["concatenation", "film", "gate"] = "film"
    """How the label changes the example: see the table."""
    units: Size = 64
    """Numbers in h."""
    dense: Sizes = ()
    """Units of each hidden layer of the perceptron."""

    def build(self) -> keras.layers.Layer:
        return _LAYERS[self.by](self)


class _Conditional(keras.layers.Layer):
    """(example [..., d], label [..., e]) -> logit [...]."""

    def __init__(self, head: Conditioned):
        super().__init__(name=f"conditioned_by_{head.by}", dtype="float32")
        self.example = head.linear(head.units)
        self.label = head.linear(head.units)
        self.stack = head.stack(1)

    def call(self, example: Tensor, label: Tensor) -> Tensor:
        return self.stack(self.hidden(example, label))[..., 0]

    def hidden(self, example: Tensor, label: Tensor) -> Tensor:
        """h, [..., units]: here a dense layer of both, concatenated, as the sum of two layers."""
        return ops.relu(self.example(example) + self.label(label))


class _Film(_Conditional):
    def __init__(self, head: Conditioned):
        super().__init__(head)
        self.scale = head.linear(head.units)

    def hidden(self, example: Tensor, label: Tensor) -> Tensor:
        return ops.relu((1.0 + self.scale(label)) * self.example(example) + self.label(label))


class _Gate(_Conditional):
    def hidden(self, example: Tensor, label: Tensor) -> Tensor:
        return ops.sigmoid(self.label(label)) * ops.relu(self.example(example))


_LAYERS = {"concatenation": _Conditional, "film": _Film, "gate": _Gate}
