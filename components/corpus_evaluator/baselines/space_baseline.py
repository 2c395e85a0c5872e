"""Baselines of retrieval: spaces of raw features, or of popularity."""

import os
from collections.abc import Iterator

import numpy as np

from components.corpus_evaluator.embeddings.encode import RAW
from components.corpus_evaluator.embeddings.id_tuples import ELSEWHERE, IdTuples
from components.corpus_evaluator.embeddings.population import Population, Populations
from components.corpus_evaluator.embeddings.raw_features import FeatureScaling, RawFeatureLayout
from components.corpus_evaluator.embeddings.word_columns import WordColumns
from components.corpus_evaluator.request import CorpusRequest
from components.corpus_evaluator.retrieval.corpus_metrics import Space
from relation.retrieval.distances import Similarity
from relation.retrieval.points import Floats
from relation.retrieval.question import Question


class SpaceBaseline:
    """Raw features of entities, scaled by those of the references."""

    def __init__(self, request: CorpusRequest, populations: Populations, local: str) -> None:
        """Takes the encoded entities, and a folder on this machine for the scaled vectors."""
        self._request, self._populations, self._local = request, populations, local
        self._scaling: FeatureScaling | None = None
        self._vectors: dict[int, Floats] = {}

    def spaces(
        self,
        question: Question,
        queries: Population,
        references: Population,
        related: IdTuples,
        elsewhere: IdTuples | None = None,
    ) -> Iterator[Space]:
        """The baselines: popularity if edges lead to another type; raw features, and words alone.

        Args:
          related, elsewhere: see `Corpus.of`.

        Yields:
          Spaces; those of raw features only if the two types have some in common.
        """
        if question.relevant == "edges" and not question.same:
            yield _popularity(queries, references, related, elsewhere)
        vectors = [self._comparable(population, references) for population in (queries, references)]
        if vectors[0] is None or vectors[1] is None:
            return
        yield Space(vectors[0], vectors[1], Similarity.EUCLIDEAN, "raw features")
        assert self._scaling is not None
        parts = self._scaling.layout.parts
        for name, part in parts.items() if len(parts) > 1 else ():
            by = f"raw features, {name} alone"
            yield Space(vectors[0][:, part], vectors[1][:, part], Similarity.EUCLIDEAN, by)

    def _comparable(self, population: Population, references: Population) -> Floats | None:
        """The scaled raw features of a population, [n, d]; None if it has none."""
        if RAW not in population.vectors:
            return None
        if self._scaling is None:
            # The features in common, which all types that have some share.
            layout = RawFeatureLayout(max(self._request.baseline_features.values(), key=len))
            columns = WordColumns.of(every.words for every in self._populations.values())
            self._scaling = layout.fit(references.vectors[RAW], references.words, columns)
        key = id(population)
        if key not in self._vectors:
            folder = os.path.join(self._local, f"scaled-{len(self._vectors)}")
            os.makedirs(folder)
            self._vectors[key] = population.comparable(self._scaling, folder)
        return self._vectors[key]


def _popularity(
    queries: Population, references: Population, related: IdTuples, elsewhere: IdTuples | None
) -> Space:
    """Ranks references by their edges in training, or else by those of other anchors."""
    edges = related if elsewhere is None else elsewhere
    trained = edges.labels[:, 0] != ELSEWHERE
    left, right = (
        population.positions(edges.members[:, column])
        for column, population in enumerate((queries, references))
    )
    counted = right[((left < 0) | (elsewhere is not None)) & (right >= 0) & trained]
    counts = np.bincount(counted, minlength=len(references)).astype(np.float32)
    ones = np.ones((len(queries), 1), dtype=np.float32)
    return Space(ones, counts[:, None], Similarity.DOT, "popularity")
