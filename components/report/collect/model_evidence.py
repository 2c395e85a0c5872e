"""Add to the evidence what a model answers to the sample, and what evaluators measured of it."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.evaluation.evaluation_results import Verdict
from components.report.collect.evidence import Embeddings, Evidence, Neighbourhood
from components.report.collect.findings import findings_of
from components.report.collect.neighbourhoods import neighbourhoods, rows_of
from components.report.collect.served_model import ServedModel
from components.report.collect.tuple_sample import Member

Records = Callable[[str], Iterable[bytes]]
"""Serialized rows of an entity type; none where it has no files."""


def with_model(
    evidence: Evidence,
    model: ServedModel,
    verdict: Verdict,
    arrays: Mapping[str, npt.NDArray[Any]],
    records: Records,
    history: Mapping[str, Any],
) -> Evidence:
    """Return the evidence with a model.

    Args:
      evidence: without a model.
      model: the model.
      verdict: results of the evaluators.
      arrays: content of `sample.npz`; of s queries, [s] or [s, ...], empty where there is none.
      records: looks up rows.
      history: of the training.
    """
    findings = findings_of(verdict)
    question = (findings.corpus or {}).get("question")
    return dataclasses.replace(
        evidence,
        findings=findings,
        history=history,
        scores=model.scores([t.record for t in evidence.sample.tuples]),
        image_shape=model.image_shape,
        embeddings=dict(_embeddings(model, evidence)),
        neighbourhoods=tuple(_neighbourhoods(evidence, question, arrays, records))
        if question and arrays
        else (),
    )


def _embeddings(model: ServedModel, evidence: Evidence) -> Iterator[tuple[str, Embeddings]]:
    by_key = evidence.sample.members
    for entity in evidence.relation.entities:
        members = tuple(by_key[key] for key in sorted(by_key) if key[0] == entity)
        vectors = model.embeddings(entity, [member.serialized() for member in members])
        if members and vectors is not None:
            yield entity, Embeddings(members, vectors)


def _neighbourhoods(
    evidence: Evidence,
    question: Mapping[str, Any],
    arrays: Mapping[str, npt.NDArray[np.generic]],
    records: Records,
) -> Iterator[Neighbourhood]:
    query, reference = question["query"], question["reference"]
    ids: dict[str, set[str]] = {query: set(), reference: set()}
    ids[query].update(arrays["query_id"].tolist())
    ids[reference].update(arrays["neighbour_id"].ravel().tolist())
    rows = {entity: _rows(evidence, records, entity, ids[entity]) for entity in ids}
    return neighbourhoods(arrays, query, reference, rows[query], rows[reference])


def _rows(evidence: Evidence, records: Records, entity: str, ids: set[str]) -> dict[str, Member]:
    """Find rows by id: in the sample, then in the files of the entity type, if it has any."""
    rows = {
        name: member
        for (kind, id_), member in evidence.sample.members.items()
        if kind == entity and (name := id_.decode("utf-8", "replace")) in ids
    }
    if missing := ids - set(rows):
        feature = evidence.request.compiled.entities[entity]
        rows |= rows_of(records(entity), entity, feature, missing)
    return rows
