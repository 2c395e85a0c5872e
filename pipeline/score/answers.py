"""A pushed model's answers to batches of rows, as Arrow tables."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from components.common.example_wire import entry, example, features_of
from pipeline.score.rows import ID, LEFT, RIGHT, EntityRow, id_of
from relation.core.errors import DataError
from relation.files.saved_model import Signatures
from relation.names import prefixed
from trainer_module.model.interface import read_interface

Floats = npt.NDArray[np.float32]
EMBEDDING, SCORE, ROW = "embedding", "score", "row"
SCORE_LABELS = "score_labels"


class Answers:
    """A SavedModel of Relata, called by its signatures."""

    def __init__(self, model: str):
        """Load a model.

        Raises:
          DataError: see `read_interface`.
        """
        self.interface = read_interface(model)
        self._model = Signatures(model)

    def embed(self, entity: str, rows: Sequence[EntityRow]) -> Floats:
        """Embed entities of one type: float32 [n, d]; NaN where a row has no usable image."""
        return self._model.answer(f"embed_{entity}", EMBEDDING, [row.example for row in rows])

    def embeddings(self, entity: str, rows: Sequence[EntityRow]) -> pa.Table:
        """Return the columns `id` and `embedding`, a list of d numbers, null without an answer."""
        vectors = self.embed(entity, rows)
        return pa.table({ID: [row.id for row in rows], EMBEDDING: _lists(vectors)})

    def scores(self, rows: Sequence[EntityRow]) -> pa.Table:
        """Return `id` and the scores of entities, for a model that scores one at a time."""
        [role] = self.interface.scored
        tuples = [example(*_entries(role, row.example)) for row in rows]
        return pa.table({ID: [row.id for row in rows], **self._score(tuples)})

    def pairs(
        self,
        pairs: Sequence[tuple[str, str]],
        lefts: Mapping[str, bytes],
        rights: Mapping[str, bytes],
    ) -> pa.Table:
        """Return `left`, `right` and the scores of pairs.

        Args:
          pairs: ids of the members.
          lefts, rights: serialized entities by id.
        """
        left, right = self.interface.scored
        tuples = [
            example(*_entries(left, lefts[one]), *_entries(right, rights[other]))
            for one, other in pairs
        ]
        ids = {LEFT: [one for one, _ in pairs], RIGHT: [other for _, other in pairs]}
        return pa.table({**ids, **self._score(tuples)})

    def tuples(self, examples: Sequence[bytes], first: int) -> pa.Table:
        """Return the scores of rows that hold both members, with their numbers and ids.

        Args:
          examples: rows, with features such as `left_price`.
          first: number of the first one.
        """
        numbers = {ROW: list(range(first, first + len(examples)))}
        names = [prefixed(role, ID) for role in self.interface.scored]
        rows = [tf.train.Example.FromString(example).features.feature for example in examples]
        ids = {
            column: [id_of(row, name) if name in row else None for row in rows]
            for column, name in zip((LEFT, RIGHT), names, strict=True)
        }
        present = {name: values for name, values in ids.items() if any(values)}
        return pa.table({**numbers, **present, **self._score(examples)})

    @property
    def scores_labels(self) -> bool:
        """Whether labels are an input, so that each row has a score for each."""
        return SCORE_LABELS in self._model

    def labels(self, rows: Sequence[EntityRow]) -> pa.Table:
        """Return `id` and a column for each label, for a model whose second role is a label."""
        scores = self._model.answer(SCORE_LABELS, SCORE, [row.example for row in rows])
        assert self.interface.compiled is not None
        names = _free(self.interface.compiled.label.domain)
        columns = zip(names, scores.T, strict=True)
        return pa.table({ID: [row.id for row in rows], **{n: _numbers(c) for n, c in columns}})

    def _score(self, tuples: Sequence[bytes]) -> dict[str, pa.Array]:
        """Score tuples: one column `score`, or one for each tag, class or number."""
        scores = self._model.answer(SCORE, SCORE, tuples)
        if scores.ndim > 2:
            raise DataError("the model predicts images, which no table holds")
        if scores.ndim == 1:
            return {SCORE: _numbers(scores)}
        names = _free(self.interface.outputs) or [f"{SCORE}_{n}" for n in range(scores.shape[1])]
        return {name: _numbers(column) for name, column in zip(names, scores.T, strict=True)}


def _free(names: Sequence[str]) -> list[str]:
    """Names of columns beside those of ids."""
    return [f"{SCORE}_{name}" if name in (ID, LEFT, RIGHT, ROW) else name for name in names]


def _entries(role: str, row: bytes) -> list[bytes]:
    """The features of an entity as those of a member of a tuple."""
    features = features_of(row)
    return [entry(prefixed(role, name.decode()), feature) for name, feature in features.items()]


def _numbers(values: Floats) -> pa.Array:
    """A column of floats; NaN, a row without an answer, becomes null."""
    return pa.array(np.ascontiguousarray(values), mask=np.isnan(values))


def _lists(vectors: Floats) -> pa.Array:
    """A column of lists of d floats; null where a row has no answer."""
    usable = np.isfinite(vectors).all(axis=1).tolist()
    rows = [vector if answered else None for vector, answered in zip(vectors, usable, strict=True)]
    return pa.array(rows, pa.list_(pa.float32(), vectors.shape[1]))
