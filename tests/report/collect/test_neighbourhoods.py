"""Neighbourhoods from the arrays of `sample.npz`."""

import numpy as np

from components.report.collect.neighbourhoods import neighbourhoods


def test_what_is_left_out_of_a_ranking_is_not_shown():
    arrays = {
        "query_id": np.array(["a"]),
        "query_map_at_r": np.array([0.5]),
        "query_worst": np.array([True]),
        "neighbour_id": np.array([["x", "y", "z"]]),
        "neighbour_distance": np.array([[0.25, 1.0, np.inf]], np.float32),
        "neighbour_relevant": np.array([[False, True, False]]),
    }
    (found,) = neighbourhoods(arrays, "user", "item", {}, {})
    shown = [(member.id, distance, relevant) for member, distance, relevant in found.neighbours]
    assert shown == [(b"x", 0.25, False), (b"y", 1.0, True)]
