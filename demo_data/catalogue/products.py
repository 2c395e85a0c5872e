"""Products of a synthetic catalogue, in families of related products.

A family is a device of one brand: an older and a newer model, each in two colours, an accessory and
a spare part. The records are noisy: prices vary by about 5 %, one colour in twenty is missing, and
one year in ten is off by one.
"""

import os
from typing import NamedTuple

import numpy as np

from demo_data.rows import RowValues, write_rows

FAMILIES = 260
SEED = 11
BRANDS = ("Ardo", "Belmi", "Corvia", "Dentro", "Elvara", "Fenix", "Gromo", "Hestia")
COLOURS = ("black", "blue", "red", "silver", "white")
DEVICES = {  # device: accessory, spare part, usual price, usual weight in kg
    "camera": ("camera_bag", "camera_battery", 420.0, 0.6),
    "drill": ("drill_case", "drill_chuck", 110.0, 1.8),
    "kettle": ("kettle_stand", "kettle_filter", 45.0, 1.1),
    "phone": ("phone_cover", "phone_screen", 560.0, 0.2),
    "printer": ("printer_table", "printer_drum", 190.0, 7.5),
}


class Product(NamedTuple):
    """The true properties of a product; `rows` adds the noise of the records."""

    id: str
    brand: str
    category: str
    colour: str
    year: int
    price: float
    weight: float


class Family(NamedTuple):
    """A device in two models and two colours, its accessory and its spare part."""

    devices: tuple[tuple[Product, Product], tuple[Product, Product]]
    """By model, the older first, then by colour."""
    accessory: Product
    part: Product

    @property
    def members(self) -> tuple[Product, ...]:
        """All products of the family."""
        return (*self.devices[0], *self.devices[1], self.accessory, self.part)


def write(folder: str | os.PathLike[str]) -> None:
    """Write the products.

    Each is `id`, `brand`, `category`, `colour` (bytes), `year` (int64), `price`, `weight` (float).

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
            "year": product.year + int(random.choice([0, -1, 1], p=[0.9, 0.05, 0.05])),
            "price": round(product.price * float(random.normal(1, 0.05)), 2),
            "weight": round(product.weight, 3),
        }
        for family in families()
        for product in family.members
    ]


def families() -> list[Family]:
    """Generate all families, the same every time."""
    random = np.random.default_rng([SEED, 0])
    return [_family(number, random) for number in range(FAMILIES)]


def _family(number: int, random: np.random.Generator) -> Family:
    device = list(DEVICES)[random.integers(len(DEVICES))]
    accessory, part, usual_price, usual_weight = DEVICES[device]
    brand = BRANDS[random.integers(len(BRANDS))]
    colours = [COLOURS[i] for i in random.permutation(len(COLOURS))[:2]]
    first = int(random.integers(2010, 2022))
    years = (first, first + int(random.integers(2, 5)))
    price = usual_price * float(random.lognormal(0, 0.3))
    weight = usual_weight * float(random.lognormal(0, 0.2))
    growth = (1.0, float(random.uniform(1.1, 1.4)))

    def product(
        member: int, category: str, colour: str, year: int, price: float, weight: float
    ) -> Product:
        return Product(
            f"product-{number:03d}-{member}", brand, category, colour, year, price, weight
        )

    older, newer = (
        (
            product(2 * i, device, colours[0], years[i], price * growth[i], weight),
            product(2 * i + 1, device, colours[1], years[i], price * growth[i], weight),
        )
        for i in range(2)
    )
    return Family(
        (older, newer),
        product(4, accessory, colours[random.integers(2)], years[1], price * 0.15, weight * 0.3),
        product(5, part, "black", years[0], price * 0.2, weight * 0.1),
    )
