"""Wines of scikit-learn, and the similarity of two of them in style.

178 Italian wines of three cultivars, 13 chemical measurements each (UCI "Wine").
"""

import functools
import os
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_wine

from demo_data.rows import RowValues, write_rows

Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]


def write(folder: str | os.PathLike[str]) -> None:
    """Write the wines: `id`, the measurements (float), and `cultivar` (int64, 0 to 2).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "wine", rows())


def rows() -> list[RowValues]:
    """Return the wines in the original order; b"wine-000" is the first row."""
    wine = load_wine()
    return [
        {
            "id": f"wine-{number:03d}",
            **dict(zip(_names(wine), map(float, measured), strict=True)),
            "cultivar": int(cultivar),
        }
        for number, (measured, cultivar) in enumerate(zip(wine.data, wine.target, strict=True))
    ]


STYLE = {"alcohol": 0.5, "malic_acid": 0.5, "ash": -0.5, "hue": -0.5}
"""The measurements that a style adds up, in standard deviations."""


def similarity(left: Columns, right: Columns) -> npt.NDArray[np.float32]:
    """Return 1 / (1 + d), where d is the difference of the styles of two wines.

    Few measurements count, some against others. So wines of one style may differ in every
    measurement, and distances of measurements say little.

    Args:
      left: measurements by name, each [n, 1].
      right: measurements of the other wines, likewise.

    Returns:
      float32 [n] in (0, 1]; 1 for wines of one style.
    """
    distance = np.abs(style(left) - style(right))
    return (1 / (1 + distance)).astype(np.float32)


def style(wines: Columns) -> npt.NDArray[np.float64]:
    """Return the style of wines: measurements by name, each [n, 1] → [n]."""
    deviations = _standard_deviations()
    parts = [weight * wines[name] / deviations[name] for name, weight in STYLE.items()]
    return np.concatenate(parts, axis=1).sum(axis=1)


@functools.cache
def _standard_deviations() -> dict[str, float]:
    """Return the standard deviation of each measurement over all wines."""
    wine = load_wine()
    return dict(zip(_names(wine), wine.data.std(axis=0).tolist(), strict=True))


def _names(wine: Any) -> list[str]:
    return [name.replace("/", "_") for name in wine.feature_names]
