"""The softmax in which each positive competes with the negatives alone."""

from relation.numeric.lazy import ops
from trainer_module.ops import Tensor, masked_logsumexp, masked_mean


def against_negatives(logits: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """−log( e^{x_p} / (e^{x_p} + Σ_n e^{x_n}) ), the mean over the positives p of each row.

    Args:
      logits: [batch, columns].
      positive, negative: bool [batch, columns]; columns that are neither are left out.

    Returns:
      [batch]; 0 without positives or without negatives. Written as softplus(logΣ_n e^{x_n} − x_p),
      exact also where it is tiny.
    """
    rest = masked_logsumexp(logits, negative)
    return masked_mean(ops.softplus(ops.expand_dims(rest, -1) - logits), positive)
