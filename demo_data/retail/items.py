"""Items of a synthetic shop."""

import os
from typing import NamedTuple

import numpy as np

from demo_data.retail.users import CATEGORIES, COUNTRIES, SEED
from demo_data.rows import write_rows

ITEMS = 400


class Item(NamedTuple):
    """An item, as recorded."""

    id: str
    category: str
    origin: str
    buyers_age: float
    price: float


def write(folder: str | os.PathLike[str]) -> None:
    """Write the items.

    Each is `id`, `category`, `origin` (a country; bytes), `buyers_age` (its target age) and `price`
    (float).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "items", (item._asdict() for item in items()))


def items() -> list[Item]:
    """Generate the items, the same every time."""
    random = np.random.default_rng([SEED, 1])
    return [
        Item(
            id=f"item-{number:03d}",
            category=CATEGORIES[random.integers(len(CATEGORIES))],
            origin=COUNTRIES[random.integers(len(COUNTRIES))],
            buyers_age=round(float(random.uniform(18, 75)), 1),
            price=round(float(random.lognormal(3, 0.8)), 2),
        )
        for number in range(ITEMS)
    ]
