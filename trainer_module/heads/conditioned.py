"""How well a label fits an example: the label is an input."""

from __future__ import annotations

from typing import ClassVar, Literal

from relation.core.config import Size, Sizes
from relation.numeric.lazy import keras
from trainer_module.heads.base import SimilarityHead
from trainer_module.heads.perceptron import Perceptron


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
        from trainer_module.heads.layers import CONDITIONAL

        return CONDITIONAL[self.by](
            lambda: self.linear(self.units), lambda: self.stack(1), f"conditioned_by_{self.by}"
        )
