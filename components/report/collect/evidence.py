"""The evidence: all data that the page shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from components.report.collect.findings import Findings
from components.report.collect.tuple_sample import Member, Sample
from components.report.request import ReportRequest
from relation.spec import Comparison, Relation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Embeddings:
    """Entities of one type, and their embeddings, float64 [n, d]."""

    members: tuple[Member, ...]
    vectors: Floats


@dataclass(frozen=True)
class Neighbourhood:
    """A held-out entity and its nearest neighbours, in order.

    Attributes:
      query: the held-out entity.
      neighbours: each neighbour (with its id only, where its row is missing), its distance, and
        whether it is related.
      map_at_r: MAP@R of the query, from 0 to 1.
      worst: whether the query was selected for its mistakes.
    """

    query: Member
    neighbours: tuple[tuple[Member, float, bool], ...]
    map_at_r: float
    worst: bool


@dataclass(frozen=True)
class Evidence:
    """The data of one run. Without a model only `request`, `stats`, `sample` and `lineage` are set.

    Attributes:
      request: the recipe's part.
      stats: content of `relation_stats.json`.
      sample: tuples of the eval split.
      findings: results of the evaluators.
      history: training history: by name one value for each epoch, or such series by entity type.
      scores: the model's output for each tuple of the sample, float64 [n, C].
      image_shape: [height, width, channels] of a model that predicts images. Then a row of `scores`
        holds the predicted pixels, followed by the true ones.
      embeddings: embeddings of the entities in the sample, by entity type.
      neighbourhoods: nearest neighbours of some held-out entities, most mistakes first.
      lineage: sources of the page: (name, value).
      rows: what the judged rows are: held out from training, or given to a finished model.
    """

    request: ReportRequest
    stats: Mapping[str, Any]
    sample: Sample
    findings: Findings | None = None
    history: Mapping[str, Any] = field(default_factory=dict)
    scores: Floats | None = None
    image_shape: tuple[int, ...] | None = None
    embeddings: Mapping[str, Embeddings] = field(default_factory=dict)
    neighbourhoods: tuple[Neighbourhood, ...] = ()
    lineage: tuple[tuple[str, str], ...] = ()
    rows: Literal["held-out", "given"] = "held-out"

    @property
    def relation(self) -> Relation:
        """Roles, label and comparisons of the tuples."""
        return self.request.relation

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the tags or classes that labels hold, in order; empty for other labels."""
        return self.request.compiled.label.domain

    def held_out(self, entity: str) -> str:
        """Return `rows` and a space, but "" for an entity type that is not split."""
        return "" if entity in self.request.compiled.shared else f"{self.rows} "


@dataclass(frozen=True)
class Pair:
    """Two members of a tuple, whether they are related, and the model's score."""

    tuple: int
    left: Member
    right: Member
    related: bool
    score: float


def pairs_of(evidence: Evidence) -> tuple[Pair, ...]:
    """Return each comparison of the sample with a finite score; empty without a model."""
    relation, scores = evidence.relation, evidence.scores
    if scores is None or not relation.says_related:
        return ()
    return tuple(
        Pair(n, t.members[c.left], t.members[c.right], _is_related(c, t.label), score)
        for n, (t, row) in enumerate(zip(evidence.sample.tuples, scores, strict=True))
        for c, score in zip(relation.comparisons, row.tolist(), strict=False)
        if np.isfinite(score) and c.left in t.members and c.right in t.members
    )


def _is_related(comparison: Comparison, label: tuple[float, ...]) -> bool:
    return label[0] > 0.5 if comparison.related is None else comparison.related
