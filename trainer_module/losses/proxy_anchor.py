"""Proxy-anchor loss: every class has a learnt proxy, and the proxies are the anchors."""

from typing import ClassVar

from pydantic import FiniteFloat, PositiveFloat

from relation.numeric.lazy import ops
from trainer_module.losses.base import BatchLoss, WholeBatch, refuse_log_q, sides
from trainer_module.ops import Tensor, as_float32, log_weight, masked_logsumexp, masked_mean


class ProxyAnchor(BatchLoss, WholeBatch):
    """mean_{p⁺} log(1 + Σ_{x of p} e^{−α(s − δ)}) + mean_p log(1 + Σ_{x not of p} e^{α(s + δ)}).

    s = cosine of row x and proxy p, a column; `positive` says which proxy is of the row's class.
    The sums run over the batch, so the loss is one scalar. The first mean is over the proxies with
    a positive in the batch, the second over all that have a valid row; of none it is 0.

    Kim et al., "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020, equation 4; δ = `margin`.
    """

    needs_groups: ClassVar[bool] = True
    needs_proxies: ClassVar[bool] = True

    alpha: PositiveFloat = 32.0
    """α, the scale of cosines."""
    margin: FiniteFloat = 0.1
    """δ, the margin of both means."""

    def __call__(
        self,
        scores: Tensor,
        positive: Tensor,
        valid: Tensor,
        log_q: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        """[batch, proxies] thrice, `log_q` None, `weight` [batch] or None -> []."""
        refuse_log_q(self, log_q)
        scores, copies = as_float32(scores), 0.0
        if weight is not None:
            weight = ops.expand_dims(as_float32(weight), 1)
            valid, copies = ops.logical_and(valid, weight > 0.0), log_weight(weight)
        own, other = sides(positive, valid)
        pull = masked_logsumexp(copies - self.alpha * (scores - self.margin), own, axis=0)
        push = masked_logsumexp(copies + self.alpha * (scores + self.margin), other, axis=0)
        return masked_mean(ops.softplus(pull), ops.any(own, axis=0)) + masked_mean(
            ops.softplus(push), ops.any(valid, axis=0)
        )
