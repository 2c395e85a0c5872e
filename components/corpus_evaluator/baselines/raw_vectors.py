"""The raw features of the members of tuples, scaled by those of training."""

import os

import numpy as np

from components.corpus_evaluator.baselines.samples import Codes
from components.corpus_evaluator.embeddings.encode import RAW
from components.corpus_evaluator.embeddings.population import Populations
from components.corpus_evaluator.embeddings.raw_features import FeatureScaling, RawFeatureLayout
from components.corpus_evaluator.embeddings.word_columns import WordColumns
from components.corpus_evaluator.request import CorpusRequest
from relation.names import TRAIN
from relation.retrieval.points import U64, Floats


class RawVectors:
    """`samples.RawFeatures` of encoded entities.

    Numbers are scaled by the training entities of one type: `own` features by those of their own
    type, `shared` ones by those of the last type, which the members that are compared have.
    """

    def __init__(
        self, request: CorpusRequest, shared: Populations, own: Populations, local: str
    ) -> None:
        """Takes the encoded entities by type and split.

        Args:
          request: names features and splits.
          shared: with the features that all types have.
          own: with all features of each type; may be the same populations.
          local: a folder on this machine for the scaled vectors.
        """
        self._request, self._local = request, local
        self._shared, self._own = shared, own
        self._scalings: dict[str, FeatureScaling] = {}
        self._vectors: dict[tuple[str, int], Floats] = {}

    def own(self, entity: str, train: bool, ids: U64) -> Floats | None:
        """See `RawFeatures`."""
        layout = RawFeatureLayout(self._request.own_features[entity])
        return self._taken(self._own, entity, entity, layout, train, ids)

    def shared(self, entity: str, train: bool, ids: U64) -> Floats | None:
        """See `RawFeatures`."""
        last = self._request.compiled.tuples.entities[-1]
        layout = RawFeatureLayout(self._request.baseline_features[last])
        return self._taken(self._shared, entity, last, layout, train, ids)

    def codes(self, entity: str, train: bool, ids: U64) -> Codes | None:
        """See `RawFeatures`."""
        layout = RawFeatureLayout(self._request.own_features[entity])
        population = self._own[entity, self._split(train)]
        if not layout.categories or RAW not in population.vectors:
            return None
        at = population.positions(ids)
        codes = layout.codes(population.vectors[RAW][np.maximum(at, 0)])
        return np.where((at >= 0)[:, None], codes, 0)

    def columns(self, entity: str) -> tuple[str, ...]:
        """See `RawFeatures`."""
        return RawFeatureLayout(self._request.own_features[entity]).names

    def categories(self, entity: str) -> tuple[str, ...]:
        """See `RawFeatures`."""
        return RawFeatureLayout(self._request.own_features[entity]).categories

    def parts(self) -> dict[str, slice]:
        """See `RawFeatures`."""
        last = self._request.compiled.tuples.entities[-1]
        return RawFeatureLayout(self._request.baseline_features[last]).parts

    def _split(self, train: bool) -> str:
        return TRAIN if train else self._request.held_out

    def _taken(
        self,
        populations: Populations,
        entity: str,
        fitted_to: str,
        layout: RawFeatureLayout,
        train: bool,
        ids: U64,
    ) -> Floats | None:
        """The scaled vectors of ids, [n, d]."""
        population, reference = (
            populations[entity, self._split(train)],
            populations[fitted_to, TRAIN],
        )
        if RAW not in population.vectors or RAW not in reference.vectors:
            return None
        kind = f"{id(populations)}-{fitted_to}"
        if kind not in self._scalings:
            types = [t for t, _ in populations] if fitted_to != entity else [fitted_to]
            words = [p.words for (name, _), p in populations.items() if name in types]
            columns = WordColumns.of(words)
            self._scalings[kind] = layout.fit(reference.vectors[RAW], reference.words, columns)
        key = kind, id(population)
        if key not in self._vectors:
            folder = os.path.join(self._local, f"vectors-{len(self._vectors)}")
            os.makedirs(folder)
            self._vectors[key] = population.comparable(self._scalings[kind], folder)
        at = population.positions(ids)
        vectors = np.asarray(self._vectors[key][np.maximum(at, 0)])
        return np.where((at >= 0)[:, None], vectors, np.float32(0))
