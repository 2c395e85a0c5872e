"""Gathers what the page is made of from artifacts and the model."""

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfx.dsl.io import fileio
from tfx.types import Artifact
from tfx.utils import path_utils

from components.common import corpus_results
from components.common.evaluation_results import read_verdict
from components.common.examples_artifact import split_globs, split_names
from components.report.collect.evidence import Embedded, Evidence
from components.report.collect.findings import of_verdict
from components.report.collect.nearest import nearest, rows_of
from components.report.collect.scoring import Served
from components.report.collect.tuple_sample import Member, Sample, records_of, sample
from components.report.request import ReportRequest
from relation.names import EVAL

STATS, HISTORY = "relation_stats.json", "history.json"
Inputs = Mapping[str, Sequence[Artifact]]


def gather(request: ReportRequest, inputs: Inputs) -> Evidence:
    """Reads everything once.

    Args:
      request: what is in it.
      inputs: those of `component.Report`, by name.
    """
    [examples] = inputs["tuples"]
    drawn = sample(records_of(split_globs(examples, EVAL)), request)
    plain = Evidence(
        request=request,
        stats=_json(os.path.join(examples.uri, STATS)),
        sample=drawn,
        lineage=tuple(_lineage(inputs)),
    )
    return _with_model(plain, inputs) if inputs.get("model") else plain


def _with_model(plain: Evidence, inputs: Inputs) -> Evidence:
    [model], [run], [evaluation] = inputs["model"], inputs["model_run"], inputs["evaluation"]
    [of_corpus] = inputs["corpus_evaluation"]
    served = Served(path_utils.serving_model_path(model.uri))
    findings = of_verdict(read_verdict(evaluation.uri))
    question = (findings.corpus or {}).get("question")
    return dataclasses.replace(
        plain,
        findings=findings,
        history=_json(os.path.join(run.uri, HISTORY)),
        scores=served.scores([found.record for found in plain.sample.tuples]),
        picture=served.picture,
        embedded=dict(_embedded(served, plain.request, plain.sample)),
        nearest=tuple(_nearest(plain, inputs, question, of_corpus)) if question else (),
    )


def _embedded(
    served: Served, request: ReportRequest, drawn: Sample
) -> Iterator[tuple[str, Embedded]]:
    members = drawn.members
    for entity in request.relation.entities:
        mine = tuple(members[key] for key in sorted(members) if key[0] == entity)
        vectors = served.embeddings(entity, [member.serialized() for member in mine])
        if mine and vectors is not None:
            yield entity, Embedded(mine, vectors)


def _nearest(
    plain: Evidence, inputs: Inputs, question: Mapping[str, Any], artifact: Artifact
) -> Iterator[Any]:
    arrays = corpus_results.read_arrays(artifact.uri)
    if not arrays:
        return iter(())
    query, reference = question["query"], question["reference"]
    wanted: dict[str, set[str]] = {query: set(), reference: set()}
    wanted[query].update(arrays["query_id"].tolist())
    wanted[reference].update(arrays["neighbour_id"].ravel().tolist())
    rows = {entity: _rows(plain, inputs, entity, ids) for entity, ids in wanted.items()}
    return nearest(arrays, query, reference, rows[query], rows[reference])


def _rows(plain: Evidence, inputs: Inputs, entity: str, wanted: set[str]) -> dict[str, Member]:
    """Rows by id: those that tuples hold, then from the files of the entity type, if it has any."""
    found = {
        name: member
        for (kind, id_), member in plain.sample.members.items()
        if kind == entity and (name := id_.decode("utf-8", "replace")) in wanted
    }
    ids = plain.request.materialization.entities
    given = inputs.get(dict(zip(ids, ("examples", "other_examples"), strict=False))[entity])
    missing = wanted - set(found)
    if given and missing:
        [examples] = given
        globs = [glob for split in split_names(examples) for glob in split_globs(examples, split)]
        found |= rows_of(records_of(globs), entity, ids[entity], missing)
    return found


def _lineage(inputs: Inputs) -> Iterator[tuple[str, str]]:
    """Each input: its id, and where it lies below the pipeline's root."""
    for name, artifacts in inputs.items():
        for artifact in artifacts:
            place = "/".join(artifact.uri.rstrip("/").split("/")[-3:])
            yield name.replace("_", " "), f"artifact {artifact.id}, {place}"
    [examples] = inputs["tuples"]
    yield "span of the data", f"{examples.span}, version {examples.version}"


def _json(path: str) -> Any:
    with fileio.open(path, "r") as file:
        return json.loads(file.read())
