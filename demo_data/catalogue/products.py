"""Products of a synthetic catalogue, in families: a device, and ten products related to it.

A product has six measures. Each kind of relation moves each measure up or down by the same step,
with noise: no single measure tells the kind, nor does any distance, for which up and down are the
same. Only all measures together do, right minus left.

| measure | accessory | spare part | successor | variant |
|---|---|---|---|---|
| price | down | down | up | up |
| weight | down | up | down | up |
| power | down | up | up | down |
| volume | up | up | down | down |
| runtime | up | down | up | down |
| loudness | up | down | down | up |

Brand, category, colour and year say nothing of the kind. One colour in twenty is missing.
"""

import os
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from demo_data.rows import RowValues, write_rows

FAMILIES = 260
RELATED = 10
"""Products related to a device."""
SEED = 11
BRANDS = ("Ardo", "Belmi", "Corvia", "Dentro", "Elvara", "Fenix", "Gromo", "Hestia")
CATEGORIES = ("camera", "drill", "kettle", "phone", "printer")
COLOURS = ("black", "blue", "red", "silver", "white")
MEASURES = {  # usual value
    "price": 300.0,
    "weight": 4.0,
    "power": 800.0,
    "volume": 20.0,
    "runtime": 8.0,
    "loudness": 60.0,
}
STEPS = {  # kind: direction of each measure, right minus left
    "accessory": (-1, -1, -1, 1, 1, 1),
    "spare_part": (-1, 1, 1, 1, -1, -1),
    "successor": (1, -1, 1, -1, 1, -1),
    "variant": (1, 1, -1, -1, -1, 1),
}
STEP = 0.5
NOISE = 0.4
"""Both in standard deviations of a measure over all families."""
DEVIATION = 0.25
"""Standard deviation of a measure, as a share of its usual value."""

F64 = npt.NDArray[np.float64]


class Product(NamedTuple):
    """The true properties of a product; `levels` are its measures in standard deviations, [6]."""

    id: str
    brand: str
    category: str
    colour: str
    year: int
    levels: F64


class Family(NamedTuple):
    """A device, and the products related to it with their kinds."""

    device: Product
    related: tuple[tuple[str, Product], ...]

    @property
    def members(self) -> tuple[Product, ...]:
        """All products of the family."""
        return self.device, *(product for _, product in self.related)


def write(folder: str | os.PathLike[str]) -> None:
    """Write the products.

    Each is `id`, `brand`, `category`, `colour` (bytes), `year` (int64), and the measures (float).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "products", rows())


def rows() -> list[RowValues]:
    """Generate the record of each product."""
    random = np.random.default_rng([SEED, 1])
    return [
        {
            "id": product.id,
            "brand": product.brand,
            "category": product.category,
            "colour": None if random.random() < 0.05 else product.colour,
            "year": product.year,
            **{
                name: round(usual * (1 + DEVIATION * float(level)), 3)
                for (name, usual), level in zip(MEASURES.items(), product.levels, strict=True)
            },
        }
        for family in families()
        for product in family.members
    ]


def families() -> list[Family]:
    """Generate all families, the same every time."""
    random = np.random.default_rng([SEED, 0])
    return [_family(number, random) for number in range(FAMILIES)]


def _family(number: int, random: np.random.Generator) -> Family:
    brand = BRANDS[random.integers(len(BRANDS))]
    category = CATEGORIES[random.integers(len(CATEGORIES))]
    first = int(random.integers(2010, 2022))
    levels = random.normal(size=len(MEASURES))
    kinds = [list(STEPS)[kind] for kind in random.integers(len(STEPS), size=RELATED)]

    def product(member: int, at: F64) -> Product:
        colour = COLOURS[random.integers(len(COLOURS))]
        year = first + int(random.integers(0, 5))
        # So that no measure is negative.
        kept = at.clip(-0.9 / DEVIATION, 0.9 / DEVIATION)
        return Product(f"product-{number:03d}-{member:02d}", brand, category, colour, year, kept)

    def moved(kind: str) -> F64:
        return levels + STEP * np.array(STEPS[kind]) + random.normal(0, NOISE, len(MEASURES))

    return Family(
        product(0, levels),
        tuple((kind, product(member, moved(kind))) for member, kind in enumerate(kinds, 1)),
    )
