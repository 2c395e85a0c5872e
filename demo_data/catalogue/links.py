"""Links between products of the catalogue: their kind, and ratings of shoppers.

Links join products of one family, so families are the connected components.

| kind | from | to |
|---|---|---|
| `accessory` | a device | its accessory (three of the four devices) |
| `spare_part` | a device | its spare part (always of the older model, half of the newer) |
| `successor` | the older model | the newer one, of the same colour |
| `variant` | a device | the same model in the other colour |

One kind in twenty-five is wrong. `ratings` are mean answers from 0 to 1 to three questions: "as
useful for the same thing?", "do they look alike?" and "would you buy them together?". They follow
from kind, colours and prices, with normal noise of standard deviation .08.
"""

import os
from collections.abc import Iterator

import numpy as np

from demo_data.catalogue.products import SEED, Family, Product, families
from demo_data.rows import RowValues, write_rows

KINDS = ("accessory", "spare_part", "successor", "variant")
WRONG_KIND = 0.04
NOISE = 0.08


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
            "left": left.id,
            "right": right.id,
            "kind": _noisy_kind(kind, random),
            "ratings": _ratings(kind, left, right, random),
        }
        for family in families()
        for kind, left, right in _links(family, random)
    ]


def _links(family: Family, random: np.random.Generator) -> Iterator[tuple[str, Product, Product]]:
    older, newer = family.devices
    devices = [*older, *newer]
    for one, other in family.devices:
        left, right = (one, other) if random.random() < 0.5 else (other, one)
        yield "variant", left, right
    for before, after in zip(older, newer, strict=True):
        yield "successor", before, after
    for i in random.permutation(4)[:3]:
        yield "accessory", devices[i], family.accessory
    for device in devices:
        if device in older or random.random() < 0.5:
            yield "spare_part", device, family.part


def _noisy_kind(kind: str, random: np.random.Generator) -> str:
    others = [other for other in KINDS if other != kind]
    return others[random.integers(len(others))] if random.random() < WRONG_KIND else kind


def _ratings(kind: str, left: Product, right: Product, random: np.random.Generator) -> list[float]:
    dearer = abs(float(np.log(left.price / right.price)))
    use = {"variant": 0.95, "successor": 0.9 - dearer, "accessory": 0.2, "spare_part": 0.1}[kind]
    look = 0.1 + 0.4 * (left.category == right.category) + 0.4 * (left.colour == right.colour)
    aged = 0.03 * (right.year - left.year)
    bundle = {"variant": 0.1, "successor": 0.05, "accessory": 0.85 - aged, "spare_part": 0.5}[kind]
    noisy = np.array([use, look, bundle]) + random.normal(0, NOISE, 3)
    return [round(float(value), 3) for value in noisy.clip(0, 1)]
