"""Who bought what in a made-up shop: positives only, nobody says what they would not buy.

A user is drawn to an item by

    2.5 · [its category is an interest] + 0.7 · [it is from the user's country]
    - ((age - age it is made for) / 25)² + 0.8 · z

where z, normal, is how well known the item is: no feature tells it, so a few items sell often and
most seldom. A user buys 4 to 15 items, drawn without replacement in proportion to exp(drawn to).
"""

import os
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from demo_data.retail.items import Item, items
from demo_data.retail.users import SEED, User, users
from demo_data.rows import Row, write_rows


def write(folder: str | os.PathLike[str]) -> None:
    """Writes the purchases: `user`, `item` (ids) and `times` (float; how often it was bought).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "purchases", rows())


def rows() -> Iterator[Row]:
    """The purchases, the same every time; a user and an item meet once."""
    random = np.random.default_rng([SEED, 2])
    for_sale = items()
    known = random.normal(0, 0.8, len(for_sale))
    for user in users():
        # The largest of scores with Gumbel noise are a draw without replacement.
        noisy = _drawn_to(user, for_sale) + known + random.gumbel(size=len(for_sale))
        for bought in np.argsort(-noisy, kind="stable")[: random.integers(4, 16)]:
            times = 1 + int(random.poisson(0.5))
            yield {"user": user.id, "item": for_sale[bought].id, "times": float(times)}


def _drawn_to(user: User, for_sale: list[Item]) -> npt.NDArray[np.float64]:
    """[items]; without what makes an item well known."""
    interest = np.array([item.category in user.interests for item in for_sale])
    home = np.array([item.origin == user.country for item in for_sale])
    apart = np.array([(item.buyers_age - user.age) / 25 for item in for_sale])
    return 2.5 * interest + 0.7 * home - np.square(apart)
