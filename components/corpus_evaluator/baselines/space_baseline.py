"""Spaces that need no training: raw features, popularity."""

import os
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from components.corpus_evaluator.embeddings.encode import RAW
from components.corpus_evaluator.embeddings.id_tuples import Links
from components.corpus_evaluator.embeddings.points import U64, Floats, Places
from components.corpus_evaluator.embeddings.population import Population
from components.corpus_evaluator.embeddings.raw_features import Fitted, Layout
from components.corpus_evaluator.request import CorpusRequest, Question
from components.corpus_evaluator.retrieval.corpus_metrics import Space
from components.corpus_evaluator.retrieval.measures import Similarity
from relation.names import EVAL, TRAIN

_STEP = 8192
Populations = Mapping[tuple[str, str], Population]


class Untrained:
    """Raw features of entities, made comparable by what the references are."""

    def __init__(self, request: CorpusRequest, found: Populations, local: str) -> None:
        """`local`: a folder for the vectors."""
        self._request, self._found, self._local = request, found, local
        self._fit: Fitted | None = None
        self._vectors: dict[int, Floats] = {}

    def space(
        self, question: Question, queries: Population, references: Population, related: Links
    ) -> Space | None:
        """What the model must beat: popularity where edges lead to another type, else raw features.

        None: there is no feature that both types have.
        """
        if question.relevant == "edges" and not question.same:
            return _popularity(queries, references, related)
        found = [self._comparable(population, references) for population in (queries, references)]
        if found[0] is None or found[1] is None:
            return None
        return Space(found[0], found[1], Similarity.EUCLIDEAN, "raw features")

    def near(
        self, left: str, lefts: U64, right: str, rights: U64
    ) -> npt.NDArray[np.float64] | None:
        """See `trivial.Nearness`: minus the distance, −∞ where a member is not there."""
        populations = self._found[left, EVAL], self._found[right, EVAL]
        vectors = [self._comparable(population, populations[1]) for population in populations]
        if vectors[0] is None or vectors[1] is None:
            return None
        places = populations[0].places(lefts), populations[1].places(rights)
        result = np.full(len(lefts), -np.inf)
        known = np.flatnonzero((places[0] >= 0) & (places[1] >= 0))
        for start in range(0, len(known), _STEP):
            rows = known[start : start + _STEP]
            apart = vectors[0][places[0][rows]] - vectors[1][places[1][rows]]
            result[rows] = -np.sqrt((apart.astype(np.float64) ** 2).sum(axis=1))
        result[np.isinf(result)] = result[known].min(initial=0) - 1
        return result

    def rows(self, entity: str, split: str, ids: U64) -> tuple[Places, Floats] | None:
        """See `trivial.Rows`."""
        population = self._found[entity, split]
        vectors = self._comparable(population, self._found[entity, TRAIN])
        return None if vectors is None else (population.places(ids), vectors)

    def _comparable(self, population: Population, references: Population) -> Floats | None:
        """The raw vectors of a population; None: there is nothing to compare."""
        if RAW not in population.vectors or not population.vectors[RAW].shape[1]:
            return None
        if self._fit is None:
            # The same of all types that have some.
            layout = Layout(max(self._request.untrained.values(), key=len))
            self._fit = layout.fitted(references.vectors[RAW])
        key = id(population)
        if key not in self._vectors:
            folder = os.path.join(self._local, f"fitted-{len(self._vectors)}")
            os.makedirs(folder)
            self._vectors[key] = population.fitted(self._fit, folder)
        return self._vectors[key]


def _popularity(queries: Population, references: Population, edges: Links) -> Space:
    """Every query finds first what most edges of others than the queries lead to."""
    left, right = (
        population.places(edges.members[:, column])
        for column, population in enumerate((queries, references))
    )
    counted = right[(left < 0) & (right >= 0)]
    counts = np.bincount(counted, minlength=len(references)).astype(np.float32)
    ones = np.ones((len(queries), 1), dtype=np.float32)
    return Space(ones, counts[:, None], Similarity.DOT, "popularity")
