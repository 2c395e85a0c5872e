"""Documents of a synthetic search engine, each graded for its query.

A query has 8 to 20 documents. The quality of a document is

    1.5 · [it has the query's topic] + match + w · (freshness, depth, authority) + noise

where match, freshness, depth and authority are N(0, 1) and the noise is N(0, .6²). The weights w
depend on the intent of the query: news need fresh documents, how-tos deep ones, references
authorities, products some of each. So no single order fits all queries. The grade, 0 to 4, counts
the thresholds that the quality exceeds.
"""

import os
from collections.abc import Iterator

import numpy as np

from demo_data.rows import RowValues, write_rows
from demo_data.search.queries import SEED, TOPICS, queries

WEIGHTS = {  # intent: weights of freshness, depth and authority
    "howto": (0.0, 1.5, 0.0),
    "news": (1.5, -0.5, 0.0),
    "product": (0.5, 0.5, 0.5),
    "reference": (-0.5, 0.0, 1.5),
}
THRESHOLDS = (-0.5, 0.8, 2.2, 3.6)
NOISE = 0.6


def write(folder: str | os.PathLike[str]) -> None:
    """Write the documents.

    Each is `id`, `query_id`, `topic` (bytes), `match`, `freshness`, `depth`, `authority` (float)
    and `grade` (int64, 0 to 4).

    Args:
      folder: an existing folder.
    """
    write_rows(folder, "documents", rows())


def rows() -> Iterator[RowValues]:
    """Generate the documents by query, the same every time."""
    random = np.random.default_rng([SEED, 1])
    for query in queries():
        for rank in range(random.integers(8, 21)):
            own = random.random() < 0.6
            topic = query.topic if own else TOPICS[random.integers(len(TOPICS))]
            match, *traits = random.normal(size=4)
            quality = 1.5 * (topic == query.topic) + match + np.dot(WEIGHTS[query.intent], traits)
            quality += random.normal(0, NOISE)
            freshness, depth, authority = (round(float(trait), 3) for trait in traits)
            yield {
                "id": f"{query.query_id}-{rank:02d}",
                "query_id": query.query_id,
                "topic": topic,
                "match": round(float(match), 3),
                "freshness": freshness,
                "depth": depth,
                "authority": authority,
                "grade": int(np.searchsorted(THRESHOLDS, quality)),
            }
