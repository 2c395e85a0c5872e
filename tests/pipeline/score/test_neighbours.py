"""Nearest neighbours against sorting all references."""

import numpy as np
import pytest

from pipeline.score.neighbours import EntityEmbeddings, nearest

VECTORS = np.random.default_rng(3).normal(size=(30, 4)).astype(np.float32)
IDS = [f"r{n}" for n in range(30)]


def by_query(table):
    result = {}
    for row in table.to_pylist():
        result.setdefault(row["query"], []).append(row)
    return result


@pytest.mark.parametrize("similarity", ["euclidean", "cosine", "dot"])
def test_neighbours_are_those_of_a_full_sort(similarity):
    queries = EntityEmbeddings([f"q{n}" for n in range(7)], 3 * VECTORS[:7] + 0.5)
    answers = by_query(nearest(queries, EntityEmbeddings(IDS, VECTORS), 5, similarity, same=False))
    products = queries.vectors.astype(float) @ VECTORS.T.astype(float)
    lengths = [np.linalg.norm(v, axis=1) for v in (queries.vectors, VECTORS)]
    far = {
        "euclidean": np.linalg.norm(queries.vectors[:, None] - VECTORS[None], axis=2),
        "cosine": -products / np.outer(*lengths),
        "dot": -products,
    }[similarity]
    name, sign = ("distance", 1) if similarity == "euclidean" else ("similarity", -1)
    assert list(answers) == queries.ids
    for number, rows in enumerate(answers.values()):
        order = np.argsort(far[number])[:5]
        assert [row["neighbour"] for row in rows] == [IDS[n] for n in order]
        assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
        values = [row[name] for row in rows]
        np.testing.assert_allclose(values, sign * far[number][order], rtol=1e-5)


def test_an_entity_is_no_neighbour_of_its_own_even_beside_equal_ones():
    vectors = np.array([[0.0, 0], [0, 0], [0, 0], [1, 0]], np.float32)
    rows = EntityEmbeddings(["a", "b", "c", "d"], vectors)
    table = nearest(rows, rows, 2, "euclidean", same=True)
    answers = by_query(table)
    assert {q: {row["neighbour"] for row in rows} for q, rows in answers.items() if q != "d"} == {
        "a": {"b", "c"},
        "b": {"a", "c"},
        "c": {"a", "b"},
    }
    assert [row["distance"] for row in answers["d"]] == [1, 1]


def test_more_neighbours_than_there_are_and_rows_without_an_embedding():
    vectors = np.array([[0.0], [1], [np.nan]], np.float32)
    rows = EntityEmbeddings(["a", "b", "c"], vectors)
    assert nearest(rows, rows, 9, "euclidean", same=True).to_pylist() == [
        {"query": "a", "rank": 1, "neighbour": "b", "distance": 1.0},
        {"query": "b", "rank": 1, "neighbour": "a", "distance": 1.0},
    ]
    nothing = EntityEmbeddings(["c"], vectors[2:])
    assert nearest(nothing, rows, 1, "dot", same=False).num_rows == 0
    assert nearest(rows, nothing, 1, "cosine", same=False).num_rows == 0
