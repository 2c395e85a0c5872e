"""Cross-entropy of one class among several."""

from typing import ClassVar

from relation.numeric.lazy import ops
from relation.spec import LabelKind
from trainer_module.losses.base import ValueLoss
from trainer_module.ops import Tensor, as_float32


class ClassCrossEntropy(ValueLoss):
    """logΣ_c e^{x_c} − x_y of logits x and the index y of the class; `targets` is [batch, 1]."""

    labels: ClassVar[frozenset[LabelKind] | None] = frozenset({LabelKind.CLASS})

    def __call__(self, targets: Tensor, predictions: Tensor) -> Tensor:
        logits = as_float32(predictions)
        chosen = ops.take_along_axis(logits, ops.cast(targets, "int32"), axis=-1)[:, 0]
        return ops.logsumexp(logits, axis=-1) - chosen
