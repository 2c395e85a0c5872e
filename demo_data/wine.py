"""The wines that scikit-learn carries, and how alike two of them are.

178 Italian wines of three cultivars, 13 chemical measurements each (UCI "Wine").
"""

import functools
import os
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_wine

from demo_data.rows import Row, write_rows

Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]


def write(folder: str | os.PathLike[str]) -> None:
    """Writes the wines: `id`, the measurements (float), and `cultivar` (int64, 0 to 2).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "wine", rows())


def rows() -> list[Row]:
    """The wines in the order of the original; b"wine-000" is its first row."""
    wine = load_wine()
    return [
        {
            "id": f"wine-{number:03d}",
            **dict(zip(_names(wine), map(float, measured), strict=True)),
            "cultivar": int(cultivar),
        }
        for number, (measured, cultivar) in enumerate(zip(wine.data, wine.target, strict=True))
    ]


def similarity(left: Columns, right: Columns) -> npt.NDArray[np.float32]:
    """1 / (1 + d), d: how many standard deviations two wines are apart, root mean square.

    Args:
      left: measurements by name, each [n, 1].
      right: the same of the other wines.

    Returns:
      float32 [n] in (0, 1]; 1 = the same measurements.
    """
    spread = _spread()
    apart = [np.square((left[name] - right[name]) / spread[name]) for name in spread]
    distance = np.sqrt(np.mean(np.concatenate(apart, axis=1), axis=1))
    return (1 / (1 + distance)).astype(np.float32)


@functools.cache
def _spread() -> dict[str, float]:
    """The standard deviation of each measurement over all wines: a part of the definition."""
    wine = load_wine()
    return dict(zip(_names(wine), wine.data.std(axis=0).tolist(), strict=True))


def _names(wine: Any) -> list[str]:
    return [name.replace("/", "_") for name in wine.feature_names]
