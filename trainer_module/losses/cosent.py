"""CoSENT: the order of cosines within a batch of scored pairs."""

from typing import ClassVar

from pydantic import PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import TupleLoss, WholeBatch
from trainer_module.losses.ordered_pairs import ordered_pairs
from trainer_module.ops import Tensor, as_float32, log_weight, masked_logsumexp


class Cosent(TupleLoss, WholeBatch):
    """log(1 + Σ exp(λ(s_k − s_l))) over all pairs k, l of a batch with y_k < y_l: one scalar.

    Labels are any numbers: their order alone matters. λ = `scale`, made for s = cosine; a batch of
    equal labels has loss 0. It holds (batch · comparisons)² numbers.

    Su, "CoSENT", 2022 (kexue.fm/archives/8847); sentence-transformers' CoSENTLoss.
    """

    orders_only: ClassVar[bool] = True

    scale: PositiveFloat = 20.0
    """λ, which multiplies relatedness."""

    def __call__(
        self, related: Tensor, relatedness: Tensor, weight: Tensor | None = None
    ) -> Tensor:
        """[batch, comparisons], [batch, comparisons], [batch] or None -> []."""
        scores = ops.reshape(as_float32(relatedness), (1, -1))
        gaps, ordered = ordered_pairs(ops.reshape(as_float32(related), (1, -1)), scores)
        exponents = -self.scale * gaps
        if weight is not None:
            each = ops.ones_like(as_float32(relatedness)) * ops.expand_dims(as_float32(weight), 1)
            logs = log_weight(ops.reshape(each, (1, -1)))
            exponents = exponents + ops.expand_dims(logs, 2) + ops.expand_dims(logs, 1)
        return ops.softplus(
            masked_logsumexp(ops.reshape(exponents, (-1,)), ops.reshape(ordered, (-1,)))
        )
