"""Nearest neighbours of some entities, from the CorpusEvaluator, with their rows."""

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.report.collect.evidence import Neighbourhood
from components.report.collect.tuple_sample import Member, as_id
from relation.files.feature_values import values_of

Arrays = Mapping[str, npt.NDArray[np.generic]]


def neighbourhoods(
    arrays: Arrays,
    entity: str,
    other: str,
    queries: Mapping[str, Member],
    references: Mapping[str, Member],
) -> Iterator[Neighbourhood]:
    """Yield the neighbourhood of each query, in the order of the arrays.

    Args:
      arrays: content of `sample.npz` (docs/evaluation.md): of s queries, [s], and of their
        neighbours, [s, k].
      entity, other: entity types of queries and references.
      queries, references: rows by id, see `rows_of`.
    """
    for row, name in enumerate(arrays["query_id"].tolist()):
        ranked = zip(
            arrays["neighbour_id"][row].tolist(),
            arrays["neighbour_distance"][row].tolist(),
            arrays["neighbour_relevant"][row].tolist(),
            strict=True,
        )
        yield Neighbourhood(
            queries.get(name, Member(entity, name.encode(), {})),
            tuple(
                (references.get(id_, Member(other, id_.encode(), {})), distance, relevant)
                for id_, distance, relevant in ranked
                if distance < math.inf  # Else all that is left to be ranked came before.
            ),
            float(arrays["query_map_at_r"][row]),
            bool(arrays["query_worst"][row]),
        )


def rows_of(
    records: Iterable[bytes], entity: str, feature: str, ids: set[str]
) -> dict[str, Member]:
    """Find rows of an entity type by their ids; return them by id as text.

    Args:
      records: serialized rows.
      entity: the entity type.
      feature: the id feature.
      ids: ids to find.
    """
    rows: dict[str, Member] = {}
    for record in records:
        values = tf.train.Example.FromString(record).features.feature
        identity = values_of(values[feature])
        name = as_id(identity[0]).decode("utf-8", "replace") if identity else ""
        if name in ids:
            features = {key: values_of(value) for key, value in values.items()}
            features = {key: value for key, value in features.items() if value}
            rows[name] = Member(entity, as_id(identity[0]), features)
            if len(rows) == len(ids):
                break
    return rows
