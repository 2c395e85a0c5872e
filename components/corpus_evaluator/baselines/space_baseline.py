"""Baselines of retrieval: spaces of raw features, or of popularity."""

import os
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.embeddings.encode import RAW
from components.corpus_evaluator.embeddings.id_tuples import ELSEWHERE, IdTuples
from components.corpus_evaluator.embeddings.population import Population
from components.corpus_evaluator.embeddings.raw_features import FeatureScaling, RawFeatureLayout
from components.corpus_evaluator.embeddings.word_columns import WordColumns
from components.corpus_evaluator.request import CorpusRequest
from components.corpus_evaluator.retrieval.corpus_metrics import Space
from relation.names import TRAIN
from relation.retrieval.distances import Similarity
from relation.retrieval.points import U64, Floats, Positions
from relation.retrieval.question import Question

_STEP = 8192
Populations = Mapping[tuple[str, str], Population]


class SpaceBaseline:
    """Raw features of entities, scaled by those of the references."""

    def __init__(self, request: CorpusRequest, populations: Populations, local: str) -> None:
        """Takes the encoded entities, and a folder on this machine for the scaled vectors."""
        self._request, self._populations, self._local = request, populations, local
        self._scaling: FeatureScaling | None = None
        self._vectors: dict[int, Floats] = {}

    def space(
        self,
        question: Question,
        queries: Population,
        references: Population,
        related: IdTuples,
        elsewhere: IdTuples | None = None,
    ) -> Space | None:
        """The baseline: popularity if edges lead to another entity type, else raw features.

        Args:
          related, elsewhere: see `Corpus.of`.

        Returns:
          The space; None if the two types have no feature in common.
        """
        if question.relevant == "edges" and not question.same:
            return _popularity(queries, references, related, elsewhere)
        vectors = [self._comparable(population, references) for population in (queries, references)]
        if vectors[0] is None or vectors[1] is None:
            return None
        return Space(vectors[0], vectors[1], Similarity.EUCLIDEAN, "raw features")

    def near(
        self, left_type: str, lefts: U64, right_type: str, rights: U64
    ) -> npt.NDArray[np.float64] | None:
        """Minus the Euclidean distance of each pair, [n]; the least if a member is missing."""
        held_out = self._request.held_out
        populations = [self._populations[entity, held_out] for entity in (left_type, right_type)]
        vectors = [self._comparable(population, populations[1]) for population in populations]
        if vectors[0] is None or vectors[1] is None:
            return None
        left, right = populations[0].positions(lefts), populations[1].positions(rights)
        result = np.full(len(lefts), -np.inf)
        both = np.flatnonzero((left >= 0) & (right >= 0))
        for start in range(0, len(both), _STEP):
            rows = both[start : start + _STEP]
            apart = vectors[0][left[rows]] - vectors[1][right[rows]]
            result[rows] = -np.sqrt((apart.astype(np.float64) ** 2).sum(axis=1))
        result[np.isinf(result)] = result[both].min(initial=0) - 1
        return result

    def features(self, entity: str, train: bool, ids: U64) -> tuple[Positions, Floats] | None:
        """Positions of ids [...], and scaled raw features [m, d]; see `tuple_baseline.Features`."""
        population = self._populations[entity, TRAIN if train else self._request.held_out]
        vectors = self._comparable(population, self._populations[entity, TRAIN])
        return None if vectors is None else (population.positions(ids), vectors)

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
