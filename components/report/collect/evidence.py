"""All that the page is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from components.report.collect.findings import Findings
from components.report.collect.tuple_sample import Member, Sample
from components.report.request import ReportRequest
from relation.spec import Comparison, LabelKind, Relation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Embedded:
    """Entities of one type, and where the model puts them: [n, d]."""

    members: tuple[Member, ...]
    vectors: Floats


@dataclass(frozen=True)
class Nearest:
    """A held-out entity and what the model puts nearest to it, in order.

    Attributes:
      found: of each the entity (its id alone, where its row was not found), its distance, and
        whether it is related.
      quality: MAP@R, from 0 to 1.
      worst: whether it is here because it has so many mistakes.
    """

    query: Member
    found: tuple[tuple[Member, float, bool], ...]
    quality: float
    worst: bool


@dataclass(frozen=True)
class Evidence:
    """What is known of a run.

    Attributes:
      findings, history, scores: None (no series) where there is no model.
      history: what the training recorded: by name a value an epoch, or such series by entity type.
      stats: content of `relation_stats.json`.
      sample: tuples of the eval split.
      scores: [n, C], what the model answers about them.
      picture: [height, width, channels] of a model that answers with images: `scores` are its
        pixels, and behind them those of the image that should have been.
      embedded: entities in these tuples, by type.
      nearest: of some held-out entities, from the whole corpus, those with most mistakes first.
      lineage: what the page is made from: (name, value).
    """

    request: ReportRequest
    stats: Mapping[str, Any]
    sample: Sample
    findings: Findings | None = None
    history: Mapping[str, Any] = field(default_factory=dict)
    scores: Floats | None = None
    picture: tuple[int, ...] | None = None
    embedded: Mapping[str, Embedded] = field(default_factory=dict)
    nearest: tuple[Nearest, ...] = ()
    lineage: tuple[tuple[str, str], ...] = ()

    @property
    def relation(self) -> Relation:
        """Roles, label and comparisons of the tuples."""
        return self.request.relation


@dataclass(frozen=True)
class Pair:
    """Two members of a tuple, whether they are related, and the model's score of it."""

    tuple: int
    left: Member
    right: Member
    related: bool
    score: float


def says_related(relation: Relation) -> bool:
    """Whether tuples say of pairs that they are related, and of others that they are not."""
    told = {comparison.related for comparison in relation.comparisons}
    if relation.label is LabelKind.BINARY:
        return None in told
    return relation.label is LabelKind.NONE and {True, False} <= told


def pairs_of(evidence: Evidence) -> tuple[Pair, ...]:
    """Every comparison of the sample that has a finite score; none without a model."""
    relation, scores = evidence.relation, evidence.scores
    if scores is None or not says_related(relation):
        return ()
    return tuple(
        Pair(n, found.members[c.left], found.members[c.right], _told(c, found.label), score)
        for n, (found, row) in enumerate(zip(evidence.sample.tuples, scores, strict=True))
        for c, score in zip(relation.comparisons, row.tolist(), strict=False)
        if np.isfinite(score) and c.left in found.members and c.right in found.members
    )


def _told(comparison: Comparison, label: tuple[float, ...]) -> bool:
    return label[0] > 0.5 if comparison.related is None else comparison.related
