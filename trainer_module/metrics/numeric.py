"""Metrics of predicted numbers and of classes.

As in `statistics`, a number that is not finite, or too little to define a metric, makes it NaN.
"""

import numpy as np

from trainer_module.metrics.statistics import NAN, Bools, Floats, mean


def absolute_error(found: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """Mean |found − expected| over tuples and components.

    Args:
      found: floats [n, C].
      expected: floats [n, C].
      weights: of tuples, floats [n], or None.
    """
    return _mean_of(np.abs(_differences(found, expected)), weights)


def squared_error(found: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """Mean (found − expected)² over tuples and components. Args: see `absolute_error`."""
    return _mean_of(_differences(found, expected) ** 2, weights)


def r2(found: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """1 − Σ(found − expected)² / Σ(expected − mean)², mean over components that vary.

    As `sklearn.metrics.r2_score`, which gives 0 or 1 for a component that does not vary; here it
    is left out, and where none varies the metric is NaN. Args: see `absolute_error`.
    """
    if not np.isfinite(found).all() or not len(found):
        return NAN
    kept = np.ones(len(found), dtype=bool) if weights is None else weights > 0
    truth = expected[kept].astype(np.float64)
    varying = np.ptp(truth, axis=0) > 0 if len(truth) else np.zeros(truth.shape[1], dtype=bool)
    if not varying.any():
        return NAN
    truth, said = truth[:, varying], found[kept][:, varying]
    own = np.ones(len(truth)) if weights is None else weights[kept].astype(np.float64)
    residual = own @ _differences(said, truth) ** 2
    total = own @ (truth - own @ truth / own.sum()) ** 2
    return float(np.mean(1 - residual / total))


def pearson(found: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """The (weighted) linear correlation (`scipy.stats.pearsonr`).

    Args:
      found: floats [n].
      expected: floats [n].
      weights: floats [n], or None.

    Returns:
      A value in [-1, 1]; NaN where either does not vary.
    """
    kept = np.ones(len(found), dtype=bool) if weights is None else weights > 0
    if not _vary(found[kept], expected[kept]):
        return NAN
    own = np.ones(len(found)) if weights is None else weights[kept].astype(np.float64)
    x, y = (_standard(values[kept].astype(np.float64), own) for values in (found, expected))
    return float(np.clip(np.sum(x * y * own), -1, 1))


def spearman(found: Floats, expected: Floats) -> float:
    """The correlation of ranks, equal values at their mean rank (`scipy.stats.spearmanr`).

    Args and NaN: see `pearson`; weights have no agreed meaning here.
    """
    from scipy import stats  # Here: whoever only asks for the names need not wait for it.

    if not _vary(found, expected):
        return NAN
    return pearson(stats.rankdata(found), stats.rankdata(expected))


def kendall(found: Floats, expected: Floats) -> float:
    """τ_b, which takes ties into account (`scipy.stats.kendalltau`). NaN: see `pearson`."""
    from scipy import stats

    if not _vary(found, expected):
        return NAN
    return float(stats.kendalltau(found, expected).statistic)


def class_accuracy(found: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """Share of tuples whose class is the most probable one; of equal ones the first is said.

    Args:
      found: probabilities of classes, floats [n, K].
      expected: the index of the class, floats [n].
      weights: floats [n], or None.
    """
    if not np.isfinite(found).all() or not len(found):
        return NAN
    return mean(found.argmax(axis=1) == expected, weights)


def class_f1(found: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """F1 of each class that is the truth or is said of some tuple, and the mean of those.

    As `sklearn.metrics.f1_score(average="macro")`. Args: see `class_accuracy`.
    """
    if not np.isfinite(found).all() or not len(found):
        return NAN
    classes = np.arange(found.shape[1])
    return macro_f1(found.argmax(axis=1)[:, None] == classes, expected[:, None] == classes, weights)


def macro_f1(found: Bools, expected: Bools, weights: Floats | None = None) -> float:
    """F1 of each column that is the truth or is said of some tuple, and the mean of those.

    Args:
      found: booleans [n, T].
      expected: booleans [n, T].
      weights: floats [n], or None.
    """
    both, either = _sums(found & expected, weights), _sums(found, weights)
    either = either + _sums(expected, weights)
    known = either > 0
    return float(np.mean(2 * both[known] / either[known])) if known.any() else NAN


def micro_f1(found: Bools, expected: Bools, weights: Floats | None = None) -> float:
    """F1 of all columns taken together; NaN where nothing is true and nothing said."""
    both = _sums(found & expected, weights).sum()
    either = _sums(found, weights).sum() + _sums(expected, weights).sum()
    return float(2 * both / either) if either else NAN


def _sums(values: Bools, weights: Floats | None) -> Floats:
    own = np.ones(len(values)) if weights is None else weights.astype(np.float64)
    return own @ values


def _differences(found: Floats, expected: Floats) -> Floats:
    return found.astype(np.float64) - expected


def _mean_of(errors: Floats, weights: Floats | None) -> float:
    if not np.isfinite(errors).all():
        return NAN
    return mean(errors.mean(axis=1), weights) if errors.shape[1] else NAN


def _vary(found: Floats, expected: Floats) -> bool:
    if not len(found) or not np.isfinite(found).all():
        return False
    return bool(np.ptp(found) > 0 and np.ptp(expected) > 0)


def _standard(values: Floats, weights: Floats) -> Floats:
    """Without mean, and of weighted length 1."""
    centred = values - np.sum(values * weights) / weights.sum()
    return centred / np.sqrt(np.sum(weights * centred**2))
