"""Metrics of predicted numbers and of classes.

As in `statistics`, a metric is NaN where a number is not finite, or where it is undefined.
"""

import numpy as np

from trainer_module.metrics.statistics import NAN, Bools, Floats, mean

_LAST_BITS = 8
"""Numbers that differ by fewer units in the last place are equal."""


def absolute_error(predicted: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """Mean |predicted − expected| over tuples and components.

    Args:
      predicted: floats [n, C].
      expected: floats [n, C].
      weights: of tuples, floats [n], or None.
    """
    return _mean_of(np.abs(_differences(predicted, expected)), weights)


def squared_error(predicted: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """Mean (predicted − expected)² over tuples and components, a scalar.

    Args: see `absolute_error`, floats [n, C] twice and weights, floats [n] or None.
    """
    return _mean_of(_differences(predicted, expected) ** 2, weights)


def r2(predicted: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """1 − Σ(predicted − expected)² / Σ(expected − mean)², mean over components that vary; a scalar.

    As `sklearn.metrics.r2_score`, except for components that do not vary. It gives them 0 or 1.
    Here they are left out, and the metric is NaN if none varies.

    Args: see `absolute_error`, floats [n, C] twice and weights, floats [n] or None.
    """
    if not np.isfinite(predicted).all() or not len(predicted):
        return NAN
    kept = np.ones(len(predicted), dtype=bool) if weights is None else weights > 0
    truth = expected[kept].astype(np.float64)
    varying = _varies(expected[kept])
    if not varying.any():
        return NAN
    truth, predictions = truth[:, varying], predicted[kept][:, varying]
    own = np.ones(len(truth)) if weights is None else weights[kept].astype(np.float64)
    residual = own @ _differences(predictions, truth) ** 2
    total = own @ (truth - own @ truth / own.sum()) ** 2
    return float(np.mean(1 - residual / total))


def pearson(predicted: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """The (weighted) linear correlation (`scipy.stats.pearsonr`).

    Args:
      predicted: floats [n].
      expected: floats [n].
      weights: floats [n], or None.

    Returns:
      A value in [-1, 1]; NaN where either does not vary.
    """
    kept = np.ones(len(predicted), dtype=bool) if weights is None else weights > 0
    if not _vary(predicted[kept], expected[kept]):
        return NAN
    own = np.ones(len(predicted)) if weights is None else weights[kept].astype(np.float64)
    x, y = (_standard(values[kept].astype(np.float64), own) for values in (predicted, expected))
    return float(np.clip(np.sum(x * y * own), -1, 1))


def spearman(predicted: Floats, expected: Floats) -> float:
    """The correlation of ranks, equal values at their mean rank (`scipy.stats.spearmanr`).

    It takes no weights: they have no agreed meaning here.

    Args:
      predicted: floats [n].
      expected: floats [n].

    Returns:
      A scalar in [-1, 1]; NaN where either does not vary.
    """
    from scipy import stats  # Imported here, because it is slow and reading names does not need it.

    if not _vary(predicted, expected):
        return NAN
    return pearson(stats.rankdata(predicted), stats.rankdata(expected))


def kendall(predicted: Floats, expected: Floats) -> float:
    """τ_b, which takes ties into account (`scipy.stats.kendalltau`).

    Args:
      predicted: floats [n].
      expected: floats [n].

    Returns:
      A scalar in [-1, 1]; NaN where either does not vary.
    """
    from scipy import stats

    if not _vary(predicted, expected):
        return NAN
    return float(stats.kendalltau(predicted, expected).statistic)


def class_accuracy(predicted: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """Share of tuples whose class is the most probable one; the first of equally probable ones.

    Args:
      predicted: probabilities of classes, floats [n, K].
      expected: the index of the class, floats [n].
      weights: floats [n], or None.
    """
    if not np.isfinite(predicted).all() or not len(predicted):
        return NAN
    return mean(predicted.argmax(axis=1) == expected, weights)


def class_f1(predicted: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """Mean F1 of the classes that are true or predicted for some tuple, a scalar.

    As `sklearn.metrics.f1_score(average="macro")`.

    Args:
      predicted: probabilities of classes, floats [n, K].
      expected: the index of the class, floats [n].
      weights: floats [n], or None.
    """
    if not np.isfinite(predicted).all() or not len(predicted):
        return NAN
    classes = np.arange(predicted.shape[1])
    return macro_f1(
        predicted.argmax(axis=1)[:, None] == classes, expected[:, None] == classes, weights
    )


def macro_f1(predicted: Bools, expected: Bools, weights: Floats | None = None) -> float:
    """Mean F1 of the columns that are true or predicted for some tuple.

    Args:
      predicted: booleans [n, T].
      expected: booleans [n, T].
      weights: floats [n], or None.
    """
    both, either = _sums(predicted & expected, weights), _sums(predicted, weights)
    either = either + _sums(expected, weights)
    occurring = either > 0
    return float(np.mean(2 * both[occurring] / either[occurring])) if occurring.any() else NAN


def micro_f1(predicted: Bools, expected: Bools, weights: Floats | None = None) -> float:
    """F1 of all columns pooled, a scalar; NaN where no entry is true and none is predicted.

    Args:
      predicted: booleans [n, T].
      expected: booleans [n, T].
      weights: floats [n], or None.
    """
    both = _sums(predicted & expected, weights).sum()
    either = _sums(predicted, weights).sum() + _sums(expected, weights).sum()
    return float(2 * both / either) if either else NAN


def _sums(values: Bools, weights: Floats | None) -> Floats:
    own = np.ones(len(values)) if weights is None else weights.astype(np.float64)
    return own @ values


def _differences(predicted: Floats, expected: Floats) -> Floats:
    return predicted.astype(np.float64) - expected


def _mean_of(errors: Floats, weights: Floats | None) -> float:
    if not np.isfinite(errors).all():
        return NAN
    return mean(errors.mean(axis=1), weights) if errors.shape[1] else NAN


def _vary(predicted: Floats, expected: Floats) -> bool:
    if not len(predicted) or not np.isfinite(predicted).all():
        return False
    return bool(_varies(predicted) and _varies(expected))


def _varies(values: Floats) -> Bools:
    """Whether numbers differ by more than rounding, in each column: floats [n, ...] -> bool [...].

    Equal answers of a model differ in their last bits, by how its batches were cut.
    """
    if not len(values):
        return np.zeros(values.shape[1:], dtype=bool)
    rounding = _LAST_BITS * np.finfo(values.dtype).eps * np.abs(values).max(axis=0)
    return np.asarray(np.ptp(values, axis=0) > rounding)


def _standard(values: Floats, weights: Floats) -> Floats:
    """Values minus their weighted mean, scaled to a weighted length of 1.

    Args:
      values: float64 [n], not all equal.
      weights: float64 [n], above 0.

    Returns:
      float64 [n].
    """
    centred = values - np.sum(values * weights) / weights.sum()
    return centred / np.sqrt(np.sum(weights * centred**2))
