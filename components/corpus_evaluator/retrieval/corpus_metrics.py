"""Metrics of a corpus: how well held-out entities retrieve references, in several spaces."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components.common.evaluation.corpus_results import BASELINE, BASELINE_METRIC, MODEL
from components.corpus_evaluator.embeddings.id_tuples import IdTuples
from components.corpus_evaluator.embeddings.population import Population
from components.corpus_evaluator.request import CorpusRequest
from components.corpus_evaluator.retrieval import report_sample
from relation.retrieval.distances import Similarity
from relation.retrieval.estimate import Estimate, estimate, estimates
from relation.retrieval.measures import (
    EXACT_PAIRS,
    Statistics,
    measure,
    names,
    nearest,
)
from relation.retrieval.points import Floats, Keys, Points, Positions, chosen_ids
from relation.retrieval.question import Question

PAIRS = 2**33
"""Pairs of a query and a reference to compare, at most; beyond them, queries are sampled."""
LEAST_QUERIES = 1000


@dataclasses.dataclass(frozen=True, eq=False)
class Space:
    """Vectors of queries and references, and how to compare them.

    Attributes:
      queries, references: [n, d] and [m, d].
      similarity: how to compare them.
      by: the kind of vectors, as text.
    """

    queries: Floats
    references: Floats
    similarity: Similarity
    by: str


@dataclasses.dataclass(frozen=True, eq=False)
class Corpus:
    """The queries and references of a question, with keys that tell which are relevant.

    Attributes:
      hidden: for each query the known positives of other splits, which its ranking leaves out (the
        filtered setting); None: there are none.
      asking: positions of the entities that are queries, int64 [q].
    """

    question: Question
    queries: Population
    references: Population
    query_keys: Keys
    reference_keys: Keys
    asking: Positions
    hidden: Keys | None = None

    @classmethod
    def of(
        cls,
        question: Question,
        queries: Population,
        references: Population,
        related: IdTuples,
        elsewhere: IdTuples | None = None,
    ) -> "Corpus":
        """Takes labels as keys, or related pairs of a query and a reference.

        Args:
          elsewhere: related pairs of other splits; None: a query has none. With them the anchors of
            `related` are the queries.
        """
        everyone = np.arange(len(queries))
        if question.relevant == "label":
            return cls(question, queries, references, queries.keys, references.keys, everyone)
        own = _pairs(queries, references, related)
        keys, single = _by_query(own, queries, references), Keys.single(references.ids)
        if elsewhere is None:
            return cls(question, queries, references, keys, single, everyone)
        others = np.setdiff1d(_pairs(queries, references, elsewhere), own, assume_unique=True)
        hidden = _by_query(others, queries, references)
        asking = everyone if question.relevant == "tuples" else np.flatnonzero(np.diff(keys.starts))
        return cls(question, queries, references, keys, single, asking, hidden)


def _pairs(queries: Population, references: Population, related: IdTuples) -> Positions:
    """Each pair of a query and a reference once, as query · references + reference, int64 [p]."""
    left = queries.positions(related.members[:, 0])
    right = references.positions(related.members[:, 1])
    both = (left >= 0) & (right >= 0)
    return np.unique(left[both] * len(references) + right[both])


def _by_query(pairs: Positions, queries: Population, references: Population) -> Keys:
    """The ids of the references of each query, of ascending `_pairs`."""
    query, reference = np.divmod(pairs, max(len(references), 1))
    return Keys.of_pairs(query, references.ids[reference], len(queries))


class CorpusMetrics:
    """The statistics of every query in every space."""

    def __init__(
        self,
        request: CorpusRequest,
        corpus: Corpus,
        spaces: Mapping[str, Space],
        baselines: Sequence[Space] = (),
    ) -> None:
        """Measures every query, or a sample of them, in every space.

        Args:
          spaces: of models.
          baselines: without training; the one with the best `BASELINE_METRIC` becomes a space.
        """
        self._request, self._corpus = request, corpus
        self._spaces = dict(spaces)
        most = max(LEAST_QUERIES, PAIRS // max(len(corpus.references), 1))
        asking = corpus.asking
        self.positions = asking[chosen_ids(corpus.queries.ids[asking], most)]
        self._names = names(cut_names=request.cut_names)
        self.statistics = {name: self._measured(space) for name, space in spaces.items()}
        self._candidates: list[dict[str, Any]] = []
        for space in baselines:
            self._compare(space)

    def _measured(self, space: Space) -> Statistics:
        queries, references = self._points(space)
        same, cut_names = self._corpus.question.same, self._request.cut_names
        return measure(queries, references, space.similarity, same=same, cut_names=cut_names)

    def _compare(self, space: Space) -> None:
        """Keeps a baseline if it is better than those before."""
        statistics = self._measured(space)
        value = estimate(statistics[BASELINE_METRIC]).value
        best = max((each["value"] for each in self._candidates), default=-math.inf)
        self._candidates.append({"by": space.by, "value": value})
        if BASELINE not in self._spaces or value > best:
            self._spaces[BASELINE], self.statistics[BASELINE] = space, statistics

    def _points(self, space: Space) -> tuple[Points, Points]:
        corpus = self._corpus
        queries = corpus.queries.points(space.queries, corpus.query_keys, corpus.hidden)
        if len(self.positions) < len(queries):
            queries = queries.take(self.positions)
        return queries, corpus.references.points(space.references, corpus.reference_keys)

    @property
    def metrics(self) -> dict[str, dict[str, Estimate]]:
        """The means of the statistics, by space and name."""
        return {
            space: estimates({name: statistics[name] for name in self._names})
            for space, statistics in self.statistics.items()
        }

    @property
    def gain(self) -> Estimate | None:
        """What the model has more of `BASELINE_METRIC` than the baseline, query by query."""
        if BASELINE not in self.statistics:
            return None
        model, baseline = (self.statistics[name][BASELINE_METRIC] for name in (MODEL, BASELINE))
        return estimate(model - baseline, (-1.0, 1.0))

    @property
    def slices(self) -> dict[tuple[str, str], tuple[int, dict[str, Estimate]]]:
        """Queries with a match, and means of the statistics, by (feature, value), sorted."""
        features = self._request.slices
        queries, statistics = self._corpus.queries, self.statistics[MODEL]
        if not features or not queries.slices or not queries.slices[0]:
            return {}
        values = np.array([queries.slices[i] for i in self.positions.tolist()], dtype=np.str_)
        result = {}
        for column, feature in enumerate(features):
            for value in np.unique(values[:, column]).tolist():
                mine = values[:, column] == value
                count = int((statistics["matches"][mine] > 0).sum())
                own = {name: statistics[name][mine] for name in self._names}
                result[feature, value] = (count, estimates(own))
        return result

    def to_json(self) -> dict[str, Any]:
        """The values of `corpus.json` that depend on the question."""
        question, matches = self._corpus.question, self.statistics[MODEL]["matches"]
        queries, references = len(self._corpus.asking), len(self._corpus.references)
        return {
            "question": {
                **question._asdict(),
                "feature": self._request.compiled.label_by
                if question.relevant == "label"
                else None,
                "queries": self._request.held_out,
                "references": self._request.reference_split,
                "labels": len(np.unique(self._corpus.queries.keys.values))
                if question.relevant == "label"
                else None,
                "similarity": self._request.similarity,
            },
            "counts": {
                "queries": queries,
                "references": references,
                "measured": len(self.positions),
                "without_match": int((matches == 0).sum()),
                "sampled": len(self.positions) < queries,
                "float64": len(self.positions) * references <= EXACT_PAIRS,
            },
            "spaces": {
                name: {metric: estimate._asdict() for metric, estimate in metrics.items()}
                for name, metrics in self.metrics.items()
            },
            "trivial_by": self._spaces[BASELINE].by if BASELINE in self._spaces else None,
            "trivial_candidates": sorted(self._candidates, key=lambda each: -each["value"]),
            "gain": self.gain and self.gain._asdict(),
            "slices": [
                {
                    "feature": feature,
                    "value": value,
                    "queries": count,
                    "metrics": {name: estimate._asdict() for name, estimate in metrics.items()},
                }
                for (feature, value), (count, metrics) in self.slices.items()
            ],
        }

    def arrays(self) -> dict[str, Any]:
        """The arrays of `sample.npz`."""
        space = self._spaces[MODEL]
        points = self._points(space)
        same = self._corpus.question.same
        near = nearest(points[0], points[1], space.similarity, same=same)
        return report_sample.arrays(
            self._corpus.queries, self._corpus.references, points, self.statistics[MODEL], near
        )
