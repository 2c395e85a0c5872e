"""Mean squared error of predicted numbers."""

from typing import ClassVar

from relation.numeric.lazy import ops
from relation.spec import LabelKind
from trainer_module.losses.base import ValueLoss
from trainer_module.ops import Tensor, as_float32


class ValueMse(ValueLoss):
    """(target − prediction)², the mean over the values of each example."""

    labels: ClassVar[frozenset[LabelKind] | None] = frozenset({LabelKind.SCALAR, LabelKind.VECTOR})

    def __call__(self, targets: Tensor, predictions: Tensor) -> Tensor:
        return ops.mean(ops.square(as_float32(targets) - as_float32(predictions)), axis=-1)
