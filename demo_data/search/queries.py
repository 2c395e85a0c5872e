"""Queries of a synthetic search engine."""

import os
from typing import NamedTuple

import numpy as np

from demo_data.rows import write_rows

QUERIES = 320
SEED = 31
INTENTS = ("howto", "news", "product", "reference")
TOPICS = ("art", "cars", "food", "health", "law", "money", "music", "sport", "travel", "weather")


class Query(NamedTuple):
    """A query, as recorded."""

    query_id: str
    intent: str
    topic: str
    words: int


def write(folder: str | os.PathLike[str]) -> None:
    """Write the queries: `query_id`, `intent`, `topic` (bytes) and `words` (int64).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "queries", (query._asdict() for query in queries()))


def queries() -> list[Query]:
    """Generate the queries, the same every time."""
    random = np.random.default_rng([SEED, 0])
    return [
        Query(
            query_id=f"query-{number:03d}",
            intent=INTENTS[random.integers(len(INTENTS))],
            topic=TOPICS[random.integers(len(TOPICS))],
            words=int(random.integers(1, 8)),
        )
        for number in range(QUERIES)
    ]
