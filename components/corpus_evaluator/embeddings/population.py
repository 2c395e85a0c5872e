"""The encoded entities of one type and split; their vectors stay in files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.embeddings.encode import RAW, EntityPlan, read_shards
from components.corpus_evaluator.embeddings.raw_features import FeatureScaling
from relation.retrieval.points import (
    U64,
    Floats,
    Keys,
    Points,
    Positions,
    Ragged,
)

_WORDS = "words:"
"""The file of words; no model has such a name."""


@dataclass(frozen=True, eq=False)
class Population:
    """n entities in ascending order of ids.

    Attributes:
      ids: hashes of the ids, ascending, uint64 [n].
      names: the ids.
      keys: the keys of each entity, if labels define relevance.
      words: hashes of the words of raw features, memory-mapped.
      slices: for each entity the values of the slice features, as text.
      vectors: memory-mapped float32 [n, d], by name: `RAW`, and one for each model.
    """

    ids: U64
    names: list[bytes]
    keys: Keys
    words: Ragged
    slices: list[tuple[str, ...]]
    vectors: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def read(cls, plan: EntityPlan, scratch: str) -> "Population":
        """Reads the shards of a plan.

        Args:
          plan: the plan that was encoded.
          scratch: a local folder for the vectors.
        """
        ids: list[U64] = [np.zeros(0, np.uint64)]
        names: list[bytes] = []
        keys, counts = [Keys.empty(0)], [np.zeros(1, np.int64)]
        slices: list[tuple[str, ...]] = []
        widths: dict[str, int] = {}
        os.makedirs(scratch, exist_ok=True)
        for part in read_shards(plan):
            ids.append(part.ids)
            names += part.names
            slices += part.slices
            keys.append(part.keys)
            counts.append(np.diff(part.words.starts))
            _append(os.path.join(scratch, _WORDS), part.words.values)
            for name, vectors in part.vectors.items():
                widths[name] = vectors.shape[1]
                _append(os.path.join(scratch, name), vectors.astype(np.float32, copy=False))
        starts = np.cumsum(np.concatenate(counts))
        words = _mapped(os.path.join(scratch, _WORDS), int(starts[-1]), 1, dtype=np.uint64)
        return cls(
            np.concatenate(ids),
            names,
            Keys.joined(keys),
            Ragged(starts, words.reshape(-1)),
            slices,
            {
                name: _mapped(os.path.join(scratch, name), len(names), width)
                for name, width in widths.items()
            },
        )

    def comparable(self, scaling: FeatureScaling, scratch: str) -> Floats:
        """The scaled raw features, memory-mapped float32 [n, d], in a file in `scratch`."""
        rows, width = self.vectors[RAW], sum(scaling.layout.widths)
        out = _mapped(os.path.join(scratch, "scaled"), len(rows), width, "w+")
        scaling(rows, self.words, out)
        return out

    def points(
        self, vectors: Floats, keys: Keys | None = None, hidden: Keys | None = None
    ) -> Points:
        """The entities as points by vectors [n, d], with other keys if they define relevance."""
        return Points(self.ids, self.keys if keys is None else keys, vectors, hidden)

    def positions(self, ids: U64) -> Positions:
        """The positions of ids: uint64 [...] → int64 [...]; -1 for an id that is not here."""
        if not len(self):
            return np.full(ids.shape, -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
        return np.where(self.ids[at] == ids, at, -1)


def _append(path: str, array: npt.NDArray[Any]) -> None:
    with open(path, "ab") as file:
        file.write(np.ascontiguousarray(array).tobytes())


def _mapped(
    path: str, rows: int, width: int, mode: str = "r", dtype: npt.DTypeLike = np.float32
) -> npt.NDArray[Any]:
    if not rows * width:
        return np.zeros((rows, width), dtype=dtype)
    return np.memmap(path, dtype=dtype, mode=mode, shape=(rows, width))  # type: ignore[call-overload, no-any-return]


Populations: TypeAlias = Mapping[tuple[str, str], Population]
"""Encoded entities by type and split."""
