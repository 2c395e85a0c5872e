"""A message names the three entities of a component with the greatest keys, per partition."""

import numpy as np

from components.split_gen import writing


class Context:
    def entities(self, partition):
        return {"key": np.array([1, 2, 3, 5, 8, 13, 21], np.uint64) + np.uint64(partition)}


def test_three_members_of_a_component_are_named(monkeypatch):
    labels = np.array([7, 7, 9, 7, 9, 7, 7], np.uint64)
    monkeypatch.setattr(writing, "roots", lambda context, partition, number: (partition, number))
    monkeypatch.setattr(writing.graph, "lookup", lambda keys, partition, number: labels)
    assert writing.members(Context(), 0, 4, 7) == {"keys": [5, 13, 21]}
    assert writing.members(Context(), 100, 4, 9) == {"keys": [103, 108]}
    assert writing.members(Context(), 0, 4, 1) == {"keys": []}
