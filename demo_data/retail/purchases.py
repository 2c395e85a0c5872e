"""Purchases of a synthetic shop: positives only.

The preference of a user for an item is

    2.5 · [its category is an interest] + 0.7 · [it is from the user's country]
    - ((user's age - target age of the item) / 25)² + 0.8 · z

where z ~ N(0, 1) is the item's popularity. No feature holds z, so a few items sell often and most
sell rarely. A user buys 4 to 15 items, without replacement, in proportion to exp(preference).
"""

import os
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from demo_data.retail.items import Item, items
from demo_data.retail.users import SEED, User, users
from demo_data.rows import RowValues, write_rows


def write(folder: str | os.PathLike[str]) -> None:
    """Write the purchases: `user`, `item` (ids) and `times` (float, number of purchases).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "purchases", rows())


def rows() -> Iterator[RowValues]:
    """Generate the purchases, the same every time; each (user, item) once."""
    random = np.random.default_rng([SEED, 2])
    for_sale = items()
    popularity = random.normal(0, 0.8, len(for_sale))
    for user in users():
        # The largest scores with Gumbel noise are a sample without replacement.
        noisy = _preference(user, for_sale) + popularity + random.gumbel(size=len(for_sale))
        for bought in np.argsort(-noisy, kind="stable")[: random.integers(4, 16)]:
            times = 1 + int(random.poisson(0.5))
            yield {"user": user.id, "item": for_sale[bought].id, "times": float(times)}


def _preference(user: User, for_sale: list[Item]) -> npt.NDArray[np.float64]:
    """Return the preference for each item without its popularity, float64 [items]."""
    interest = np.array([item.category in user.interests for item in for_sale])
    home = np.array([item.origin == user.country for item in for_sale])
    apart = np.array([(item.buyers_age - user.age) / 25 for item in for_sale])
    return 2.5 * interest + 0.7 * home - np.square(apart)
