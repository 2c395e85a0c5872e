"""Documents of a made-up search engine, each graded for the query that found it.

A query finds 8 to 20 documents. How good one is:

    1.5 · [of the query's topic] + match + w · (freshness, depth, authority) + noise, normal, of .6

where match, freshness, depth and authority are normal, and the weights w follow from the intent of
the query: news want fresh documents, how-tos deep ones, references authorities, products a little
of each. So no order fits all queries. The grade, 0 to 4, says which of four fixed thresholds that
exceeds.
"""

import os
from collections.abc import Iterator

import numpy as np

from demo_data.rows import Row, write_rows
from demo_data.search.queries import SEED, TOPICS, queries

WANTED = {  # intent: weights of freshness, depth and authority
    "howto": (0.0, 1.5, 0.0),
    "news": (1.5, -0.5, 0.0),
    "product": (0.5, 0.5, 0.5),
    "reference": (-0.5, 0.0, 1.5),
}
THRESHOLDS = (-0.5, 0.8, 2.2, 3.6)
NOISE = 0.6


def write(folder: str | os.PathLike[str]) -> None:
    """Writes the documents.

    Each is `id`, `query_id`, `topic` (bytes), `match`, `freshness`, `depth`, `authority` (float)
    and `grade` (int64, 0 to 4).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "documents", rows())


def rows() -> Iterator[Row]:
    """The documents, query after query, the same every time."""
    random = np.random.default_rng([SEED, 1])
    for query in queries():
        for rank in range(random.integers(8, 21)):
            own = random.random() < 0.6
            topic = query.topic if own else TOPICS[random.integers(len(TOPICS))]
            match, *traits = random.normal(size=4)
            good = 1.5 * (topic == query.topic) + match + np.dot(WANTED[query.intent], traits)
            good += random.normal(0, NOISE)
            freshness, depth, authority = (round(float(trait), 3) for trait in traits)
            yield {
                "id": f"{query.query_id}-{rank:02d}",
                "query_id": query.query_id,
                "topic": topic,
                "match": round(float(match), 3),
                "freshness": freshness,
                "depth": depth,
                "authority": authority,
                "grade": int(np.searchsorted(THRESHOLDS, good)),
            }
