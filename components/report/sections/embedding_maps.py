"""Maps of embeddings in two dimensions."""

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from components.report.collect.evidence import Embeddings, Evidence
from components.report.render import figures
from components.report.render.cards import Cards
from components.report.render.page import Block, Figures, Note, Section
from components.report.sections.strips import hash_sample
from components.report.text import of_values, words

Floats = npt.NDArray[np.float64]
MAX_POINTS, MIN_POINTS = 500, 12
"""Points of a map at most, and at least."""


def embedding_maps(evidence: Evidence, _: Cards) -> Section | None:
    """Draw a map for each entity type."""
    blocks: list[Block] = []
    for number, (entity, embeddings) in enumerate(sorted(evidence.embeddings.items())):
        blocks += _map(evidence, entity, embeddings, f"map-{number}")
    if not blocks:
        return None
    lead = (
        "Entities with similar embeddings lie close together. Distances between distant groups "
        "mean little."
    )
    return Section("map", "Map of embeddings", lead, tuple(blocks))


def _map(evidence: Evidence, entity: str, embeddings: Embeddings, name: str) -> list[Block]:
    finite = np.isfinite(embeddings.vectors).all(axis=1)
    if not finite.all():
        lost = f"{np.count_nonzero(~finite):,} of {len(finite):,} embeddings of {entity}"
        return [Note(f"{lost} are not finite numbers.", warning=True)]
    ids = [member.id for member in embeddings.members]
    rows = sorted(hash_sample(range(len(ids)), MAX_POINTS, ids))
    vectors = embeddings.vectors[rows]
    if len(rows) < MIN_POINTS:
        return []
    if len(np.unique(vectors, axis=0)) < MIN_POINTS:
        return [Note(f"All embeddings of {entity} are (nearly) the same point.", warning=True)]
    feature = evidence.request.compiled.batch_group or ""
    groups = [of_values(embeddings.members[row].features.get(feature, ())) for row in rows]
    positions, method = _project(vectors)
    title = f"{len(rows):,} {evidence.held_out(entity)}entities of type {entity}"
    note = f"{method} of {vectors.shape[1]} dimensions" + (
        f"; names mark the center of each {words(feature)}." if feature and any(groups) else "."
    )
    return [Figures((figures.points(positions, groups, title, note, name),))]


def _project(vectors: Floats) -> tuple[Floats, str]:
    """Project [n, d] to [n, 2], and name the method; repeatable on one machine."""
    if vectors.shape[1] <= 2:
        padded = np.pad(vectors, ((0, 0), (0, 2 - vectors.shape[1])))
        return padded, "A plane"
    reduced = PCA(min(30, *vectors.shape), random_state=0).fit_transform(vectors)
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=0, max_iter=500)
    return tsne.fit_transform(reduced), "t-SNE"
