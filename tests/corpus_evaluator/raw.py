"""Raw features of entities for tests: ids 1, 2, … are the rows of a matrix."""

import numpy as np


class Raw:
    """Raw features of one type, or of several with the same features."""

    def __init__(self, values=None, shared=None, codes=None, parts=None):
        """Takes [m, d] of ids 1 to m, columns of `shared`, and categories [m, c]."""
        self._own = None if values is None else np.asarray(values, np.float32)
        self._shared = None if shared is None else np.asarray(shared, np.float32)
        self._codes = None if codes is None else np.asarray(codes, np.int64)
        self._parts = parts

    @staticmethod
    def _rows(values, ids):
        if values is None:
            return None
        at = ids.astype(np.int64) - 1
        known = (at >= 0) & (at < len(values))
        return np.where(known[:, None], values[np.where(known, at, 0)], 0)

    def own(self, entity, train, ids):
        return self._rows(self._own, ids)

    def shared(self, entity, train, ids):
        return self._rows(self._shared, ids)

    def codes(self, entity, train, ids):
        return self._rows(self._codes, ids)

    def columns(self, entity):
        return tuple(f"x{i}" for i in range(self._own.shape[1]))

    def categories(self, entity):
        return () if self._codes is None else tuple(f"c{i}" for i in range(self._codes.shape[1]))

    def parts(self):
        return self._parts or {"numbers": slice(0, self._shared.shape[1])}
