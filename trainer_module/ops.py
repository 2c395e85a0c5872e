"""Numerically safe operations that towers, heads, losses and miners share."""

from typing import Any

from relation.numeric.lazy import keras, ops

Tensor = Any
"""A Keras tensor; shapes and dtypes are in the docstrings."""

NOTHING = -1e30
"""Stands for log 0, since an infinity would make gradients NaN."""

_FLOAT32_OR_WIDER = ("float32", "float64")


def as_float32(x: Tensor) -> Tensor:
    """`x` as float32, [...] -> [...], any shape and dtype; float64 stays.

    So losses are never computed in float16.
    """
    x = ops.convert_to_tensor(x)
    return (
        x
        if keras.backend.standardize_dtype(x.dtype) in _FLOAT32_OR_WIDER
        else ops.cast(x, "float32")
    )


def squared_distance(left: Tensor, right: Tensor) -> Tensor:
    """Squared Euclidean distance of rows: [batch, d], [batch, d] -> [batch]."""
    return ops.sum(ops.square(left - right), axis=-1)


def distance(left: Tensor, right: Tensor) -> Tensor:
    """Euclidean distance of rows: [batch, d], [batch, d] -> [batch]; exact, see `root`."""
    return root(squared_distance(left, right))


def squared_distances(rows: Tensor, columns: Tensor) -> Tensor:
    """Squared Euclidean distances of all pairs: [n, d], [m, d] -> [n, m], by one product.

    Exact to rounding of |a|² + |b|², never below 0.
    """
    lengths = [ops.sum(ops.square(x), axis=-1) for x in (rows, columns)]
    products = ops.matmul(rows, ops.transpose(columns))
    return ops.maximum(lengths[0][:, None] + lengths[1][None, :] - 2.0 * products, 0.0)


def root(squared: Tensor) -> Tensor:
    """√x of x ≥ 0: float [...] -> [...], any shape, same dtype.

    The value is exact, also at 0, where the gradient is 0. The gradient of a plain square root is
    infinite there, and NaN once it is multiplied by 0.
    """
    zero = squared <= 0.0
    return ops.where(zero, 0.0, ops.sqrt(ops.where(zero, 1.0, squared)))


def l2_normalize(x: Tensor) -> Tensor:
    """x/|x| along the last axis, [..., d] -> [..., d]; 0 for x = 0, where the gradient is 0, too.

    A floor under |x| would make the gradient there its inverse, too large for float16.
    """
    squared = ops.sum(ops.square(x), axis=-1, keepdims=True)
    zero = squared <= 0.0
    return x * ops.where(zero, 0.0, ops.rsqrt(ops.where(zero, 1.0, squared)))


def cosine(left: Tensor, right: Tensor) -> Tensor:
    """Cosine of the angle between rows: [batch, d], [batch, d] -> [batch]; 0 for a zero vector."""
    return ops.sum(l2_normalize(left) * l2_normalize(right), axis=-1)


def power(base: Tensor, exponent: float) -> Tensor:
    """base^exponent of base ≥ 0 and a scalar exponent ≥ 0: float [...] -> [...], same dtype.

    The gradient at base 0 is 0.
    """
    zero = base <= 0.0
    value = ops.power(ops.where(zero, 1.0, base), exponent)
    return ops.where(zero, 0.0 if exponent else 1.0, value)


def sigmoid_cross_entropy(labels: Tensor, logits: Tensor) -> Tensor:
    """−y·log σ(x) − (1−y)·log(1−σ(x)) of labels y in [0, 1], same shape.

    By softplus, so finite for any logit, exact where the loss is tiny, and with the gradient
    σ(x) − y everywhere.
    """
    return labels * ops.softplus(-logits) + (1.0 - labels) * ops.softplus(logits)


def log_weight(weight: Tensor) -> Tensor:
    """log w of w ≥ 0, `NOTHING` where w is 0: float [...] -> [...], any shape, same dtype."""
    zero = weight <= 0.0
    return ops.where(zero, NOTHING, ops.log(ops.where(zero, 1.0, weight)))


def masked_logsumexp(x: Tensor, mask: Tensor, axis: int = -1) -> Tensor:
    """log Σ exp(x) over the entries of the mask.

    Entries outside the mask add exactly nothing to value and gradient. Without any entry the result
    is `NOTHING`, whose softplus and gradient are 0.

    Args:
      x: float [...], any shape.
      mask: bool, the shape of x.
      axis: the axis to sum over.

    Returns:
      The dtype and shape of x, without `axis`.
    """
    return ops.logsumexp(ops.where(mask, x, NOTHING), axis=axis)


def masked_mean(x: Tensor, mask: Tensor, axis: int | tuple[int, ...] = -1) -> Tensor:
    """Mean of x over the entries of the mask; 0 without any entry.

    Args:
      x: float [...], any shape.
      mask: bool, the shape of x.
      axis: the axis or axes to average over.

    Returns:
      The dtype and shape of x, without `axis`.
    """
    return weighted_mean(x, ops.cast(mask, x.dtype), axis)


def weighted_mean(x: Tensor, weights: Tensor, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """Σwx / Σw over `axis`, of weights w ≥ 0; 0 where all weights are 0.

    Where a weight is 0, x may be anything.

    Args:
      x: float [...], any shape.
      weights: the shape and dtype of x.
      axis: the axis or axes to average over; None: all.

    Returns:
      The dtype and shape of x, without `axis`; a scalar if `axis` is None.
    """
    total = ops.sum(weights, axis=axis)
    some = total > 0.0
    sums = ops.sum(ops.where(weights > 0.0, weights * x, 0.0), axis=axis)
    return ops.where(some, sums / ops.where(some, total, 1.0), 0.0)
