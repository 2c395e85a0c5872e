"""Embeddings on a plane."""

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from components.report.collect.evidence import Embedded, Evidence
from components.report.render import figures
from components.report.render.cards import Cards
from components.report.render.page import Block, Figures, Note, Section
from components.report.sections.strips import spread
from components.report.text import of_values, words
from relation import kinds

Floats = npt.NDArray[np.float64]
POINTS, FEWEST = 500, 12
"""Points of a map at most; below so few it says nothing."""


def embedding_maps(evidence: Evidence, _: Cards) -> Section | None:
    """A map of each entity type."""
    blocks: list[Block] = []
    for number, (entity, embedded) in enumerate(sorted(evidence.embedded.items())):
        blocks += _map(evidence, entity, embedded, f"map-{number}")
    if not blocks:
        return None
    lead = (
        "What the model holds to be alike lies together. Distances between far groups mean little."
    )
    return Section("map", "Map of embeddings", lead, tuple(blocks))


def _map(evidence: Evidence, entity: str, embedded: Embedded, name: str) -> list[Block]:
    finite = np.isfinite(embedded.vectors).all(axis=1)
    if not finite.all():
        lost = f"{np.count_nonzero(~finite):,} of {len(finite):,} embeddings of {entity}"
        return [Note(f"{lost} are no finite numbers.", warning=True)]
    ids = [member.id for member in embedded.members]
    rows = sorted(spread(range(len(ids)), POINTS, ids))
    vectors = embedded.vectors[rows]
    if len(rows) < FEWEST:
        return []
    if len(np.unique(vectors, axis=0)) < FEWEST:
        return [Note(f"All embeddings of {entity} are (nearly) the same point.", warning=True)]
    source = evidence.request.materialization.relation.source
    feature = source.feature if isinstance(source, kinds.SameLabel) else ""
    groups = [of_values(embedded.members[row].features.get(feature, ())) for row in rows]
    places, how = _plane(vectors)
    title = f"{len(rows):,} held-out entities of type {entity}"
    note = f"{how} of {vectors.shape[1]} dimensions" + (
        f"; names: the middle of each {words(feature)}." if feature and any(groups) else "."
    )
    return [Figures((figures.points(places, groups, title, note, name),))]


def _plane(vectors: Floats) -> tuple[Floats, str]:
    """[n, 2] of [n, d], the same every time on one machine, and how."""
    if vectors.shape[1] <= 2:
        padded = np.pad(vectors, ((0, 0), (0, 2 - vectors.shape[1])))
        return padded, "A plane"
    reduced = PCA(min(30, *vectors.shape), random_state=0).fit_transform(vectors)
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=0, max_iter=500)
    return tsne.fit_transform(reduced), "t-SNE"
