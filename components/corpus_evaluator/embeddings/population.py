"""Entities of one type and split, once all shards are there; vectors stay in files."""

import os
from dataclasses import dataclass

import numpy as np

from components.corpus_evaluator.embeddings.encode import RAW, EntityPlan, read_shards
from components.corpus_evaluator.embeddings.points import U64, Floats, Keys, Places, Points
from components.corpus_evaluator.embeddings.raw_features import Fitted


@dataclass(frozen=True, eq=False)
class Population:
    """n entities by id; `vectors` are files that are read where they are looked at.

    Attributes:
      ids: hashes of the ids, ascending: [n].
      names: the ids.
      keys: of each, where labels tell what is relevant.
      slices: of each the values of the slices' features, as text.
      vectors: by name (`RAW`, and of each model), float32 [n, d].
    """

    ids: U64
    names: list[bytes]
    keys: Keys
    slices: list[tuple[str, ...]]
    vectors: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def read(cls, plan: EntityPlan, scratch: str) -> "Population":
        """Reads the shards of a plan.

        Args:
          plan: what was encoded.
          scratch: a local folder for the vectors.
        """
        ids, names, keys, starts, slices = [], [], [], [np.zeros(1, np.int64)], []
        widths: dict[str, int] = {}
        os.makedirs(scratch, exist_ok=True)
        for part in read_shards(plan):
            ids.append(part.ids)
            names += part.names
            slices += part.slices
            keys.append(part.keys.values)
            starts.append(np.diff(part.keys.starts))
            for name, vectors in part.vectors.items():
                widths[name] = vectors.shape[1]
                with open(os.path.join(scratch, name), "ab") as file:
                    file.write(np.ascontiguousarray(vectors, dtype=np.float32).tobytes())
        nothing = np.zeros(0, dtype=np.uint64)
        return cls(
            np.concatenate([nothing, *ids]),
            names,
            Keys(np.cumsum(np.concatenate(starts)), np.concatenate([nothing, *keys])),
            slices,
            {
                name: _mapped(os.path.join(scratch, name), len(names), width)
                for name, width in widths.items()
            },
        )

    def fitted(self, fitted: Fitted, scratch: str) -> Floats:
        """The raw vectors, comparable, as a file of their own."""
        rows = self.vectors[RAW]
        out = _mapped(os.path.join(scratch, "fitted"), len(rows), rows.shape[1], "w+")
        fitted(rows, out)
        return out

    def points(self, vectors: Floats, keys: Keys | None = None) -> Points:
        """As points; with other keys, where links tell what is relevant."""
        return Points(self.ids, self.keys if keys is None else keys, vectors)

    def places(self, ids: U64) -> Places:
        """Where ids are, -1 where they are not: shape of `ids`."""
        if not len(self):
            return np.full(ids.shape, -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
        return np.where(self.ids[at] == ids, at, -1)


def _mapped(path: str, rows: int, width: int, mode: str = "r") -> Floats:
    if not rows * width:
        return np.zeros((rows, width), dtype=np.float32)
    return np.memmap(path, dtype=np.float32, mode=mode, shape=(rows, width))  # type: ignore[call-overload, no-any-return]
