"""The one definition of effective rank, of embeddings while training and of the corpus."""

import numpy as np
import numpy.typing as npt


def effective_rank(variances: npt.NDArray[np.float64]) -> float:
    """Return the number of directions in which embeddings vary.

    It is the exponential of the entropy of the variances' shares (Roy and Vetterli, "The effective
    rank", EUSIPCO 2007, with the covariance as the matrix).

    Args:
      variances: eigenvalues of the covariance, or a multiple of them, ≥ 0, float64 [d].

    Returns:
      From 1, where one direction holds all variance, to d, where all hold as much; 0 without any.

    >>> effective_rank(np.array([2.0, 2.0, 0.0])), effective_rank(np.array([0.0]))
    (2.0, 0.0)
    """
    positive = variances[variances > 0]
    if not len(positive):
        return 0.0
    shares = positive / positive.sum()
    return float(np.exp(-np.sum(shares * np.log(shares))))
