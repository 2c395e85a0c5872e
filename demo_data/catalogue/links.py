"""Links between products of the catalogue: their kind, and ratings of shoppers.

Links lead from a device to the products of its family, so families are the connected components.
The kinds are `accessory`, `spare_part`, `successor` and `variant`; `products` says how each
differs from the device. One kind in fifty is wrong.

`ratings` are mean answers from 0 to 1 to three questions: "is it the better one?", "does it suit
travellers?" and "would you buy both?". Each adds up the differences of the six measures, right
minus left, with signs of its own, and has normal noise of standard deviation .05.
"""

import os

import numpy as np

from demo_data.catalogue.products import SEED, STEPS, Product, families
from demo_data.rows import RowValues, write_rows

KINDS = tuple(STEPS)
WRONG_KIND = 0.02
NOISE = 0.05
SIGNS = np.array([(1, -1, 1, -1, 1, -1), (-1, -1, 1, -1, 1, 1), (1, 1, 1, -1, -1, -1)])
"""Of each measure's difference in each rating, [ratings, measures]."""


def write(folder: str | os.PathLike[str]) -> None:
    """Write the links: `left`, `right` (ids), `kind` (bytes) and `ratings` (three floats).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "links", rows())


def rows() -> list[RowValues]:
    """Generate the links of all families."""
    random = np.random.default_rng([SEED, 2])
    return [
        {
            "left": family.device.id,
            "right": product.id,
            "kind": _noisy_kind(kind, random),
            "ratings": _ratings(family.device, product, random),
        }
        for family in families()
        for kind, product in family.related
    ]


def _noisy_kind(kind: str, random: np.random.Generator) -> str:
    others = [other for other in KINDS if other != kind]
    return others[random.integers(len(others))] if random.random() < WRONG_KIND else kind


def _ratings(left: Product, right: Product, random: np.random.Generator) -> list[float]:
    balance = SIGNS @ (right.levels - left.levels) / len(left.levels)
    noisy = 1 / (1 + np.exp(-3 * balance)) + random.normal(0, NOISE, len(balance))
    return [round(float(value), 3) for value in noisy.clip(0, 1)]
