"""What the report shows: neighbours of a few queries, worst first, and some embeddings."""

from typing import Any

import numpy as np
import numpy.typing as npt

from components.common import hashing
from components.corpus_evaluator.embeddings.points import U64, Places, Points
from components.corpus_evaluator.embeddings.population import Population
from components.corpus_evaluator.retrieval.measures import Nearest, Statistics

WORST, OTHERS, NEIGHBOURS, EMBEDDINGS = 60, 60, 10, 2000


def chosen(ids: U64, count: int) -> Places:
    """Some places, by a hash of the ids, in order."""
    return np.sort(np.argsort(hashing.mix(ids), kind="stable")[:count])


def shown(statistics: Statistics) -> Places:
    """The queries with the lowest MAP@R, worst first, then others by a hash of their place."""
    known = np.flatnonzero(statistics["matches"] > 0)
    order = known[np.lexsort([known, statistics["map_at_r"][known]])]
    rest = order[WORST:]
    spread = np.argsort(hashing.mix(rest.astype(np.uint64)), kind="stable")
    return np.concatenate([order[:WORST], rest[spread[:OTHERS]]])


def arrays(
    queries: Population,
    references: Population,
    points: tuple[Points, Points],
    statistics: Statistics,
    nearest: Nearest,
) -> dict[str, npt.NDArray[Any]]:
    """Arrays of `sample.npz`; ids and values of slices are UTF-8 text.

    Args:
      queries, references: where names and slices are.
      points: both, in the model's space; the queries of the statistics alone.
      statistics: of those queries.
      nearest: finds the nearest references.
    """
    places = shown(statistics)
    rows = queries.places(points[0].ids)[places]
    found, distances, relevant = nearest(places, NEIGHBOURS)
    some = chosen(references.ids, EMBEDDINGS)
    return {
        "query_id": _texts(queries.names, rows),
        "query_slices": _slices(queries, rows),
        "query_worst": np.arange(len(places)) < WORST,
        "query_map_at_r": statistics["map_at_r"][places],
        "neighbour_id": _texts(references.names, found.ravel()).reshape(found.shape),
        "neighbour_distance": distances.astype(np.float32),
        "neighbour_relevant": relevant,
        "embedding": np.asarray(points[1].vectors[some], dtype=np.float32),
        "embedding_id": _texts(references.names, some),
        "embedding_slices": _slices(references, some),
    }


def _texts(names: list[bytes], places: Places) -> npt.NDArray[np.str_]:
    return np.array([names[i].decode("utf-8", "replace") for i in places.tolist()], dtype=np.str_)


def _slices(population: Population, places: Places) -> npt.NDArray[np.str_]:
    width = len(population.slices[0]) if population.slices else 0
    values = [population.slices[i] for i in places.tolist()]
    return np.array(values, dtype=np.str_).reshape(len(values), width)
