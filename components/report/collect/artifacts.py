"""Collect the evidence from a run's artifacts and its model."""

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
from components.report.collect.evidence import Evidence
from components.report.collect.model_evidence import with_model
from components.report.collect.served_model import ServedModel
from components.report.collect.tuple_sample import records_of, sample
from components.report.request import ReportRequest
from relation.files.saved_model import Signatures
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
    [model], [run] = inputs["model"], inputs["model_run"]
    [evaluation], [corpus] = inputs["evaluation"], inputs["corpus_evaluation"]
    keys = {name: key for key, name in entity_inputs(evidence.request.compiled.entities).items()}

    def records(entity: str) -> Iterator[bytes]:
        for examples in inputs.get(keys[entity], ()):
            splits = split_names(examples)
            yield from records_of([g for split in splits for g in split_globs(examples, split)])

    return with_model(
        evidence,
        ServedModel(Signatures(path_utils.serving_model_path(model.uri))),
        read_verdict(evaluation.uri),
        corpus_results.read_arrays(corpus.uri),
        records,
        _json(os.path.join(run.uri, HISTORY)),
    )


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
