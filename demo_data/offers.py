"""Pairs of offers of two synthetic shops: do both sell the same product?

Products stand on shelves of five, of one maker and one kind of thing. They differ only in model
number, size and colour. Shop A names a product in full. Shop B drops, shortens or moves words: it
writes "40cm" for "40 cm" and mostly "blk" for "black", so that words in common say too little. It
misspells every third title, and its price differs by about 7 %. One price in five is missing, and
half of shop B's makers. Each shelf gives its five matching pairs and eight others. Both offers of a
pair are from one shelf, its `block`: the candidates that were compared.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from demo_data.rows import RowValues, Scalar, write_rows

SHELVES = 180
PRODUCTS = 5
OTHERS = 8
"""Pairs of a shelf that do not match."""
SEED = 61
MAKERS = ("Acorn", "Brightley", "Castellan", "Dunmore", "Evergood", "Fairlight", "Goldcrest")
THINGS = {  # kind of thing: how it is shortened
    "backpack": "bag",
    "desk lamp": "lamp",
    "headphones": "phones",
    "inkjet printer": "printer",
    "office chair": "chair",
    "television": "tv",
}
COLOURS = {  # colour: how it is shortened
    "beige": "bge",
    "black": "blk",
    "blue": "blu",
    "green": "grn",
    "orange": "org",
    "red": "rd",
    "silver": "slv",
    "white": "wht",
}
SIZES = range(15, 60, 5)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Product(NamedTuple):
    """The true properties of a product."""

    number: int
    maker: str
    thing: str
    model: str
    size: int
    colour: str
    price: float


def write(folder: str | os.PathLike[str]) -> None:
    """Write the pairs.

    Each holds an offer of shop A under `left_` and one of shop B under `right_`: `id`, `title`,
    `maker` (bytes) and `price` (float). `block` (bytes) is common; `match` (int64) is 1 for the
    same product.

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "offers", rows())


def rows() -> Iterator[RowValues]:
    """Generate the pairs by shelf, the same every time."""
    random = np.random.default_rng(SEED)
    for shelf in range(SHELVES):
        products = _shelf(shelf, random)
        left = [_offer_a(product, random) for product in products]
        right = [_offer_b(product, random) for product in products]
        others = [(i, j) for i in range(PRODUCTS) for j in range(PRODUCTS) if i != j]
        drawn = [others[k] for k in random.permutation(len(others))[:OTHERS]]
        for i, j in [*((i, i) for i in range(PRODUCTS)), *drawn]:
            yield {
                **{f"left_{name}": value for name, value in left[i].items()},
                **{f"right_{name}": value for name, value in right[j].items()},
                "block": f"shelf-{shelf:03d}",
                "match": int(i == j),
            }


def _shelf(shelf: int, random: np.random.Generator) -> list[Product]:
    maker = MAKERS[random.integers(len(MAKERS))]
    thing = list(THINGS)[random.integers(len(THINGS))]
    series = "".join(LETTERS[i] for i in random.integers(len(LETTERS), size=2))
    models = random.permutation(np.arange(100, 1000, 10))[:PRODUCTS]
    usual = float(random.lognormal(4.5, 0.6))
    return [
        Product(
            number=shelf * PRODUCTS + i,
            maker=maker,
            thing=thing,
            model=f"{series}{model}",
            size=SIZES[random.integers(len(SIZES))],
            colour=list(COLOURS)[random.integers(len(COLOURS))],
            price=usual * float(random.lognormal(0, 0.25)),
        )
        for i, model in enumerate(models)
    ]


def _offer_a(product: Product, random: np.random.Generator) -> dict[str, Scalar | None]:
    words = (product.maker.lower(), product.thing, product.model, f"{product.size} cm")
    return {
        "id": f"a-{product.number:04d}",
        "title": " ".join([*words, product.colour]),
        "maker": product.maker,
        "price": _price(product.price, random),
    }


def _offer_b(product: Product, random: np.random.Generator) -> dict[str, Scalar | None]:
    words = [
        *([product.maker.lower()] if random.random() < 0.6 else []),
        product.thing if random.random() < 0.5 else THINGS[product.thing],
        *([product.model] if random.random() < 0.5 else []),
        *([f"{product.size}cm"] if random.random() < 0.85 else []),
        product.colour if random.random() < 0.15 else COLOURS[product.colour],
    ]
    title = " ".join(words[i] for i in random.permutation(len(words)))
    return {
        "id": f"b-{product.number:04d}",
        "title": _mistyped(title, random) if random.random() < 1 / 3 else title,
        "maker": product.maker if random.random() < 0.5 else None,
        "price": _price(product.price * float(random.normal(1, 0.07)), random),
    }


def _mistyped(title: str, random: np.random.Generator) -> str:
    """Swap two neighbouring characters."""
    i = int(random.integers(len(title) - 1))
    return title[:i] + title[i + 1] + title[i] + title[i + 2 :]


def _price(price: float, random: np.random.Generator) -> float | None:
    return None if random.random() < 0.2 else round(price, 2)
