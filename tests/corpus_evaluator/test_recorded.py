"""Measures of nearest neighbours against what other libraries were recorded to say."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from relation.retrieval import measures
from relation.retrieval.distances import Similarity
from relation.retrieval.estimate import estimate
from relation.retrieval.measures import measure, names
from tests.corpus_evaluator.test_retrieval import points

FIXTURES = Path(__file__).parents[1] / "fixtures" / "metrics"
RECORDED = json.loads((FIXTURES / "neighbours.json").read_text(encoding="utf-8"))["cases"]


def _given(case):
    """Queries, references, and whether they are the same."""
    queries = points(case["vectors"], [{int(label)} for label in case["labels"]])
    if "reference_labels" not in case:
        return queries, queries, True
    sets = [{int(label)} for label in case["reference_labels"]]
    return queries, points(case["reference_vectors"], sets, first=1000), False


@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize("similarity", Similarity)
@pytest.mark.parametrize(
    ("name", "exact"),
    # Rounded to float32, distances that are equal are so only where all vectors are.
    [(name, exact) for name in RECORDED for exact in (True, False) if exact or name != "ties"],
)
def test_as_other_libraries_have_it(name, similarity, exact, blocks, monkeypatch):
    queries, references, same = _given(RECORDED[name])
    monkeypatch.setattr(measures, "_LEAST_CHUNK", len(references) // blocks)
    monkeypatch.setattr(measures, "_ROWS", len(queries) // blocks)
    actual = measure(queries, references, similarity, same=same, exact=exact)
    values = {name: estimate(actual[name]).value for name in names()}
    expected = RECORDED[name]["values"][similarity.value]
    assert values == pytest.approx(
        {name: math.nan if value is None else value for name, value in expected.items()},
        rel=0,
        abs=1e-6,
        nan_ok=True,
    )


@pytest.mark.parametrize("name", ["random", "others"])
@pytest.mark.parametrize("k", [3, 10])
def test_ndcg_of_relevance_as_scikit_learn_has_it(k, name):
    queries, references, same = _given(RECORDED[name])
    actual = measure(queries, references, Similarity.EUCLIDEAN, same=same, ks=(1, k))
    for row, vector in enumerate(queries.vectors):
        kept = references.ids != queries.ids[row] if same else slice(None)
        relevant = (references.keys.values == queries.keys.values[row])[kept]
        apart = ((references.vectors[kept] - vector) ** 2).sum(axis=1)
        wanted = ndcg_score([relevant], [-apart], k=k) if relevant.any() else math.nan
        assert actual[f"ndcg_at_{k}"][row] == pytest.approx(wanted, abs=1e-9, nan_ok=True)


def test_of_no_query_all_is_undefined():
    some = points(np.ones((4, 3)), [{1}] * 4)
    nothing = some.take(np.zeros(0, np.int64))
    for queries, references in ((nothing, some), (some, nothing), (nothing, nothing)):
        actual = measure(queries, references, Similarity.EUCLIDEAN, same=False)
        assert all(math.isnan(estimate(actual[name]).value) for name in names())
