"""Users of a synthetic shop; `purchases` defines what they buy."""

import os
from typing import NamedTuple

import numpy as np

from demo_data.rows import write_rows

USERS = 800
SEED = 21
CATEGORIES = (
    "books", "camping", "cooking", "cycling", "games", "garden", "music", "pets", "sewing", "tools",
)  # fmt: skip
COUNTRIES = ("at", "ch", "de", "fr", "it", "nl")


class User(NamedTuple):
    """A user, as recorded."""

    id: str
    country: str
    interests: tuple[str, ...]
    age: int


def write(folder: str | os.PathLike[str]) -> None:
    """Write the users.

    Each is `id`, `country`, `interests` (one to three categories; bytes) and `age` (int64).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "users", (user._asdict() for user in users()))


def users() -> list[User]:
    """Generate the users, the same every time."""
    random = np.random.default_rng([SEED, 0])
    return [
        User(
            id=f"user-{number:03d}",
            country=COUNTRIES[random.integers(len(COUNTRIES))],
            interests=tuple(
                CATEGORIES[i]
                for i in sorted(random.permutation(len(CATEGORIES))[: random.integers(1, 4)])
            ),
            age=int(random.integers(16, 80)),
        )
        for number in range(USERS)
    ]
