"""Collect the evidence from a run's artifacts and its model."""

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfx.dsl.io import fileio
from tfx.types import Artifact
from tfx.utils import path_utils

from components.common.evaluation import corpus_results
from components.common.evaluation.evaluation_results import read_verdict
from components.common.examples_artifact import split_globs, split_names
from components.report.collect.evidence import Embeddings, Evidence, Neighbourhood
from components.report.collect.findings import findings_of
from components.report.collect.neighbourhoods import neighbourhoods, rows_of
from components.report.collect.served_model import ServedModel
from components.report.collect.tuple_sample import Member, Sample, records_of, sample
from components.report.request import ReportRequest
from relation.names import EVAL, entity_inputs

STATS, HISTORY = "relation_stats.json", "history.json"
Inputs = Mapping[str, Sequence[Artifact]]


def collect_evidence(request: ReportRequest, inputs: Inputs) -> Evidence:
    """Read all artifacts once, and run the model on the sample.

    Args:
      request: the recipe's part.
      inputs: artifacts of `component.Report`, by input name.
    """
    [examples] = inputs["tuples"]
    evidence = Evidence(
        request=request,
        stats=_json(os.path.join(examples.uri, STATS)),
        sample=sample(records_of(split_globs(examples, EVAL)), request),
        lineage=tuple(_lineage(inputs)),
    )
    return _with_model(evidence, inputs) if inputs.get("model") else evidence


def _with_model(evidence: Evidence, inputs: Inputs) -> Evidence:
    [model_artifact], [run], [evaluation] = (
        inputs["model"],
        inputs["model_run"],
        inputs["evaluation"],
    )
    [corpus_artifact] = inputs["corpus_evaluation"]
    model = ServedModel(path_utils.serving_model_path(model_artifact.uri))
    findings = findings_of(read_verdict(evaluation.uri))
    question = (findings.corpus or {}).get("question")
    return dataclasses.replace(
        evidence,
        findings=findings,
        history=_json(os.path.join(run.uri, HISTORY)),
        scores=model.scores([t.record for t in evidence.sample.tuples]),
        image_shape=model.image_shape,
        embeddings=dict(_embeddings(model, evidence.request, evidence.sample)),
        neighbourhoods=tuple(_neighbourhoods(evidence, inputs, question, corpus_artifact))
        if question
        else (),
    )


def _embeddings(
    model: ServedModel, request: ReportRequest, tuples: Sample
) -> Iterator[tuple[str, Embeddings]]:
    by_key = tuples.members
    for entity in request.relation.entities:
        members = tuple(by_key[key] for key in sorted(by_key) if key[0] == entity)
        vectors = model.embeddings(entity, [member.serialized() for member in members])
        if members and vectors is not None:
            yield entity, Embeddings(members, vectors)


def _neighbourhoods(
    evidence: Evidence, inputs: Inputs, question: Mapping[str, Any], artifact: Artifact
) -> Iterator[Neighbourhood]:
    arrays = corpus_results.read_arrays(artifact.uri)
    if not arrays:
        return iter(())
    query, reference = question["query"], question["reference"]
    ids: dict[str, set[str]] = {query: set(), reference: set()}
    ids[query].update(arrays["query_id"].tolist())
    ids[reference].update(arrays["neighbour_id"].ravel().tolist())
    rows = {entity: _rows(evidence, inputs, entity, ids[entity]) for entity in ids}
    return neighbourhoods(arrays, query, reference, rows[query], rows[reference])


def _rows(evidence: Evidence, inputs: Inputs, entity: str, ids: set[str]) -> dict[str, Member]:
    """Find rows by id: in the sample, then in the files of the entity type, if it has any."""
    rows = {
        name: member
        for (kind, id_), member in evidence.sample.members.items()
        if kind == entity and (name := id_.decode("utf-8", "replace")) in ids
    }
    id_features = evidence.request.compiled.entities
    key = next(key for key, name in entity_inputs(id_features).items() if name == entity)
    files = inputs.get(key)
    missing = ids - set(rows)
    if files and missing:
        [examples] = files
        globs = [glob for split in split_names(examples) for glob in split_globs(examples, split)]
        rows |= rows_of(records_of(globs), entity, id_features[entity], missing)
    return rows


def _lineage(inputs: Inputs) -> Iterator[tuple[str, str]]:
    """Yield the artifact id and path of each input, then the span of the data."""
    for name, artifacts in inputs.items():
        for artifact in artifacts:
            path = "/".join(artifact.uri.rstrip("/").split("/")[-3:])
            yield name.replace("_", " "), f"artifact {artifact.id}, {path}"
    [examples] = inputs["tuples"]
    yield "span of the data", f"{examples.span}, version {examples.version}"


def _json(path: str) -> Any:
    with fileio.open(path, "r") as file:
        return json.loads(file.read())
