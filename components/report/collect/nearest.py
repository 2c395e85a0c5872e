"""What the CorpusEvaluator found nearest to some entities, with their rows."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.report.collect.evidence import Nearest
from components.report.collect.tuple_sample import Member, as_id, values_of

Arrays = Mapping[str, npt.NDArray[np.generic]]


def nearest(
    arrays: Arrays,
    entity: str,
    other: str,
    queries: Mapping[str, Member],
    references: Mapping[str, Member],
) -> Iterator[Nearest]:
    """The neighbourhoods of a sample, in its order.

    Args:
      arrays: of `sample.npz` (docs/evaluation.md).
      entity, other: the types of queries and references.
      queries, references: rows by id, as `rows_of` finds them.
    """
    for place, name in enumerate(arrays["query_id"].tolist()):
        found = zip(
            arrays["neighbour_id"][place].tolist(),
            arrays["neighbour_distance"][place].tolist(),
            arrays["neighbour_relevant"][place].tolist(),
            strict=True,
        )
        yield Nearest(
            queries.get(name, Member(entity, name.encode(), {})),
            tuple(
                (references.get(id_, Member(other, id_.encode(), {})), distance, relevant)
                for id_, distance, relevant in found
            ),
            float(arrays["query_map_at_r"][place]),
            bool(arrays["query_worst"][place]),
        )


def rows_of(
    records: Iterable[bytes], entity: str, feature: str, wanted: set[str]
) -> dict[str, Member]:
    """The rows of an entity type with some ids, by id as text.

    Args:
      records: serialized rows.
      feature: that identifies a row.
      wanted: ids.
    """
    found: dict[str, Member] = {}
    for record in records:
        values = tf.train.Example.FromString(record).features.feature
        identity = values_of(values[feature])
        name = as_id(identity[0]).decode("utf-8", "replace") if identity else ""
        if name in wanted:
            held = {key: values_of(value) for key, value in values.items()}
            found[name] = Member(entity, as_id(identity[0]), {k: v for k, v in held.items() if v})
            if len(found) == len(wanted):
                break
    return found
