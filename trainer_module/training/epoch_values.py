"""Values of the metric that chooses the epoch: of tuples, or of the neighbours of their members.

What does not change from epoch to epoch (labels, keys, who is related) is read once. A value takes
one more pass of the validation tuples through the model; one of neighbours also compares queries
with references, `PAIRS` of them at most or `LEAST_QUERIES` queries, whichever is more.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from relation.compiled import CompiledRelation
from relation.names import FILTERED_IDS, ID, POSITIVE_IDS, RELATION, RELATION_WEIGHT, prefixed
from relation.retrieval.distances import Similarity
from relation.retrieval.estimate import estimate
from relation.retrieval.measures import measure
from relation.retrieval.points import U64, Floats, Keys, Points, Positions, chosen_ids
from relation.spec import LabelKind
from trainer_module.data.batch_keys import Keys as HashedKeys
from trainer_module.data.batch_keys import as_text, hashed
from trainer_module.data.inputs import read_features
from trainer_module.metrics.collected import Form, collect, key_of
from trainer_module.metrics.registry import metric_of
from trainer_module.model.relational_model import RelationalModel
from trainer_module.training.epoch_metric import EpochMetric

PAIRS = 2**26
LEAST_QUERIES = 1000

Values = npt.NDArray[Any]


class EpochValue(Protocol):
    """Computes a metric of the model as it is after an epoch."""

    def __call__(self, model: RelationalModel, batches: Iterable[Any]) -> float:
        """The value on the validation tuples; NaN where it is undefined.

        Args:
          model: the same one each time.
          batches: the validation tuples, in the order of their files.
        """


class ValidationFiles(NamedTuple):
    """Files of transformed validation tuples, and how they are parsed."""

    paths: Sequence[str]
    spec: Mapping[str, Any]

    def read(self, names: Sequence[str]) -> Iterator[Values]:
        """Features side by side, batch by batch: [batch, values]; -1 where one is missing."""
        return read_features(self.paths, self.spec, names)

    def column(self, name: str) -> Values:
        """The first value of a feature of each tuple, [n]; -1 where there is none."""
        firsts = [b[:, 0] if b.shape[1] else np.full(len(b), -1) for b in self.read([name])]
        return np.concatenate(firsts)

    def lists(self, name: str, rows: Positions) -> tuple[Positions, U64]:
        """The values of an integer feature at some tuples.

        Args:
          name: of the feature.
          rows: numbers of tuples, ascending, int64 [m].

        Returns:
          For each value the index of its tuple in `rows`, int64 [k], and the value, uint64 [k].
        """
        owners, values, start = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)], 0
        for batch in self.read([name]):
            first, last = np.searchsorted(rows, [start, start + len(batch)])
            of_rows = batch[rows[first:last] - start]
            row, column = np.nonzero(of_rows >= 0)
            owners.append(row + first)
            values.append(of_rows[row, column].astype(np.uint64))
            start += len(batch)
        return np.concatenate(owners), np.concatenate(values)


class TupleValue:
    """A metric of the model's answers about the validation tuples, as the Evaluator has it."""

    def __init__(
        self,
        metric: EpochMetric,
        form: Form,
        files: ValidationFiles,
        ids: Mapping[str, bool],
        weighted: bool,
    ):
        """Reads labels, weights, and what identifies a tuple.

        Args:
          metric: the metric.
          form: of the tuples.
          files: of the validation tuples.
          ids: for each feature that identifies a tuple whether it is an integer.
          weighted: whether tuples have weights.
        """
        computed = metric_of(form, metric.metric)
        assert computed is not None
        self._compute, self._form = computed.compute, form
        self._run: Callable[[Any], tf.Tensor] | None = None
        texts = np.concatenate(list(files.read([as_text(name) for name in ids])))
        kinds = list(ids.values())
        keys = (
            key_of([_id(text, whole) for text, whole in zip(row, kinds, strict=True)])
            for row in texts.tolist()
        )
        self._keys = np.frombuffer(b"".join(keys), "<u8")
        labelled = form.width and form.label is not LabelKind.IMAGE
        self._labels = np.zeros((len(texts), 0), np.float32)
        if labelled:
            self._labels = np.concatenate(list(files.read([RELATION])))
        self._weights = files.column(RELATION_WEIGHT) if weighted else None

    def __call__(self, model: RelationalModel, batches: Iterable[Any]) -> float:
        """See `EpochValue`."""
        if self._run is None:
            self._run = _traced(lambda inputs: _predictions(model, inputs))
        scores = np.concatenate([self._run(inputs).numpy() for inputs, *_ in batches])
        labels = self._labels
        if self._form.label is LabelKind.IMAGE:
            scores, labels = np.split(scores, 2, axis=1)
        tuples = collect(self._form, self._keys, scores, labels, self._weights)
        return self._compute(tuples)


class NeighbourValue:
    """A metric of the nearest neighbours among the members of validation tuples.

    The members of the question's types are queries and references, each once. Who is related is
    what the tuples say: by label, or by tuples with that label and lists of known positives. What
    `filtered_ids` lists is not ranked.
    """

    def __init__(
        self,
        metric: EpochMetric,
        similarity: Similarity,
        compiled: CompiledRelation,
        files: ValidationFiles,
        keys: HashedKeys,
    ):
        """Reads who is related to whom.

        Args:
          metric: the metric, with the types of queries and references.
          similarity: how to compare embeddings.
          compiled: the relation.
          files: of the validation tuples.
          keys: those that tuples carry, hashed.
        """
        assert metric.question is not None
        self._metric, self._similarity, question = metric.metric, similarity, metric.question
        self._question, relation = question, compiled.tuples
        self._run: Callable[[Any], Mapping[str, tf.Tensor]] | None = None
        compared = {role for c in relation.comparisons for role in (c.left, c.right)}
        read = {
            entity: _DistinctMembers.read(
                files, tuple(role for role in relation.roles_of(entity) if role in compared)
            )
            for entity in dict.fromkeys((question.query, question.reference))
        }
        self._members = read
        self._queries, self._references = read[question.query], read[question.reference]
        if question.relevant == "label":
            assert keys.group is not None
            groups = {entity: members.lists(files, keys.group) for entity, members in read.items()}
            self._keys, self._own = groups[question.query], groups[question.reference]
            self._hidden: Keys | None = None
        else:
            related, self._hidden = _related(compiled, files, keys, self._queries)
            self._keys, self._own = related, Keys.single(self._references.ids)
        asking = np.flatnonzero(np.diff(self._keys.starts))
        most = max(LEAST_QUERIES, PAIRS // max(len(self._references.ids), 1))
        self._asking = asking[chosen_ids(self._queries.ids[asking], most)]

    def __call__(self, model: RelationalModel, batches: Iterable[Any]) -> float:
        """See `EpochValue`."""
        roles = tuple(role for members in self._members.values() for role in members.roles)
        if self._run is None:
            self._run = _traced(lambda inputs: model.embed_roles(inputs, roles))
        vectors = _embeddings(self._run, batches, self._members)
        if not all(np.isfinite(rows).all() for rows in vectors.values()):
            return float("nan")
        queries, references = self._queries, self._references
        query_points = Points(queries.ids, self._keys, vectors[self._question.query], self._hidden)
        points = Points(references.ids, self._own, vectors[self._question.reference])
        values = measure(
            query_points.take(self._asking),
            points,
            self._similarity,
            same=self._question.same,
            cut_names=(self._metric,),
        )
        return estimate(values[self._metric]).value


class _DistinctMembers(NamedTuple):
    """The members of one entity type, each once.

    Attributes:
      roles: of the type.
      ids: hashes of the ids, ascending, uint64 [m].
      role: where each is first a member: index of the role, int64 [m].
      row: and the number of the tuple, int64 [m].
    """

    roles: tuple[str, ...]
    ids: U64
    role: Positions
    row: Positions

    @classmethod
    def read(cls, files: ValidationFiles, roles: tuple[str, ...]) -> "_DistinctMembers":
        columns = [files.column(hashed(prefixed(role, ID))) for role in roles]
        every, (n,) = np.concatenate(columns), {len(column) for column in columns}
        ids, first = np.unique(every, return_index=True)
        role, row = np.divmod(first[ids >= 0], n)
        return cls(roles, ids[ids >= 0].astype(np.uint64), role, row)

    def lists(self, files: ValidationFiles, name: str) -> Keys:
        """The values of an integer feature of each member."""
        owners, values = [], []
        for number, role in enumerate(self.roles):
            (mine,) = np.nonzero(self.role == number)
            mine = mine[np.argsort(self.row[mine])]
            row, value = files.lists(hashed(prefixed(role, name)), self.row[mine])
            owners.append(mine[row])
            values.append(value)
        return Keys.of_pairs(np.concatenate(owners), np.concatenate(values), len(self.ids))


def _related(
    compiled: CompiledRelation, files: ValidationFiles, keys: HashedKeys, queries: _DistinctMembers
) -> tuple[Keys, Keys | None]:
    """The ids that are related to each query in this split, and those in other splits only."""
    relation = compiled.tuples
    labels = files.column(RELATION) if relation.label is LabelKind.BINARY else None
    pairs = []
    for comparison in relation.comparisons:
        ends = (comparison.left, comparison.right)
        left, right = (files.column(hashed(prefixed(role, ID))) for role in ends)
        chosen = (left >= 0) & (right >= 0)
        if comparison.related is not None:
            chosen &= comparison.related
        elif labels is not None:
            chosen &= labels == 1
        pairs.append(np.stack([left[chosen], right[chosen]]).astype(np.uint64))
    if compiled.edge_table is not None and compiled.edge_table.symmetric:
        pairs += [both[::-1] for both in pairs]
    left = files.column(hashed(prefixed(relation.scored.left, ID)))
    first = np.sort(np.unique(left, return_index=True)[1])

    def listed(name: str) -> U64:
        row, value = files.lists(hashed(name), first)
        return np.stack([left[first[row]].astype(np.uint64), value])

    if keys.known_positives:
        pairs.append(listed(POSITIVE_IDS))
    related = _by_query(np.concatenate(pairs, axis=1), queries)
    if not keys.filtered:
        return related, None
    elsewhere = _by_query(listed(FILTERED_IDS), queries)
    return related, _without(elsewhere, related)


def _by_query(pairs: U64, queries: _DistinctMembers) -> Keys:
    """The second of each pair, uint64 [2, k], by the query that is the first."""
    at = np.searchsorted(queries.ids, pairs[0])
    return Keys.of_pairs(at, pairs[1], len(queries.ids))


def _without(keys: Keys, others: Keys) -> Keys:
    """Those keys of each entity that are not among its other keys."""
    n = len(keys)
    (owner, value), (other_owner, other_value) = keys.owners(0, n), others.owners(0, n)
    _, code = np.unique(np.concatenate([value, other_value]), return_inverse=True)
    pairs = np.concatenate([owner, other_owner]) * (code.max(initial=0) + 1) + code
    kept = ~np.isin(pairs[: len(owner)], pairs[len(owner) :])
    return Keys.of_pairs(owner[kept], value[kept], n)


def _embeddings(
    run: Callable[[Any], Mapping[str, tf.Tensor]],
    batches: Iterable[Any],
    members: Mapping[str, _DistinctMembers],
) -> dict[str, Floats]:
    """Embeddings of all members, float32 [m, d] by entity type."""
    out: dict[str, Floats] = {}
    positions = {}
    for entity, those in members.items():
        for number, role in enumerate(those.roles):
            (mine,) = np.nonzero(those.role == number)
            mine = mine[np.argsort(those.row[mine])]
            positions[role] = (entity, mine, those.row[mine])
    start = 0
    for inputs, targets, *_ in batches:
        stop = start + len(targets)
        embeddings = run(inputs)
        for role, (entity, mine, rows) in positions.items():
            first, last = np.searchsorted(rows, [start, stop])
            vectors = embeddings[role].numpy()
            if entity not in out:
                out[entity] = np.zeros((len(members[entity].ids), vectors.shape[1]), np.float32)
            out[entity][mine[first:last]] = vectors[rows[first:last] - start]
        start = stop
    return out


def _predictions(model: RelationalModel, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """What the signature `evaluate` answers, float32 [batch, C]."""
    embeddings = model.embed_roles(inputs, model.task.roles())
    outputs = model.task.predictions(model.task.outputs(model.head, embeddings))
    return tf.reshape(outputs, [tf.shape(outputs)[0], -1])


def _traced(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    traced: Callable[[Any], Any] = tf.function(function, reduce_retracing=True)
    return traced


def _id(text: bytes, whole: bool) -> list[bytes | int]:
    """The value of an id as raw tuples have it, in a list; an empty one if there is none."""
    if not text:
        return []
    return [int(text) if whole else text]
