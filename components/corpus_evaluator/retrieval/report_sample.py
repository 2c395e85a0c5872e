"""The sample for the report: neighbours of a few queries, worst first, and some embeddings."""

from typing import Any

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.embeddings.population import Population
from relation.core import splitmix
from relation.retrieval.measures import Nearest, Statistics
from relation.retrieval.points import Points, Positions, chosen_ids

WORST, OTHERS, NEIGHBOURS, EMBEDDINGS = 60, 60, 10, 2000


def shown(statistics: Statistics) -> Positions:
    """Positions of queries to show, int64 [m]: the lowest MAP@R first, then others by a hash."""
    matched = np.flatnonzero(statistics["matches"] > 0)
    order = matched[np.lexsort([matched, statistics["map_at_r"][matched]])]
    rest = order[WORST:]
    shuffled = np.argsort(splitmix.mix(rest.astype(np.uint64)), kind="stable")
    return np.concatenate([order[:WORST], rest[shuffled[:OTHERS]]])


def arrays(
    queries: Population,
    references: Population,
    points: tuple[Points, Points],
    statistics: Statistics,
    nearest: Nearest,
) -> dict[str, npt.NDArray[Any]]:
    """Builds the arrays of `sample.npz`; ids and values of slices are UTF-8 text.

    Args:
      queries, references: the entities, with names and slices.
      points: measured queries and all references, in the model's space.
      statistics: statistics of the measured queries, [q] each.
      nearest: finds the nearest references of measured queries.
    """
    positions = shown(statistics)
    rows = queries.positions(points[0].ids)[positions]
    neighbours, distances, relevant = nearest(positions, NEIGHBOURS)
    some = chosen_ids(references.ids, EMBEDDINGS)
    return {
        "query_id": _texts(queries.names, rows),
        "query_slices": _slices(queries, rows),
        "query_worst": np.arange(len(positions)) < WORST,
        "query_map_at_r": statistics["map_at_r"][positions],
        "neighbour_id": _texts(references.names, neighbours.ravel()).reshape(neighbours.shape),
        "neighbour_distance": distances.astype(np.float32),
        "neighbour_relevant": relevant,
        "embedding": np.asarray(points[1].vectors[some], dtype=np.float32),
        "embedding_id": _texts(references.names, some),
        "embedding_slices": _slices(references, some),
    }


def _texts(names: list[bytes], positions: Positions) -> npt.NDArray[np.str_]:
    return np.array(
        [names[i].decode("utf-8", "replace") for i in positions.tolist()], dtype=np.str_
    )


def _slices(population: Population, positions: Positions) -> npt.NDArray[np.str_]:
    width = len(population.slices[0]) if population.slices else 0
    values = [population.slices[i] for i in positions.tolist()]
    return np.array(values, dtype=np.str_).reshape(len(values), width)
