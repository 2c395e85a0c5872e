"""The executor of the CorpusEvaluator: reads and writes artifacts; `run.py` does the work."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.common.evaluation import corpus_results
from components.common.evaluation.blessed_baseline import without_candidates
from components.common.evaluation.corpus_results import BLESSED
from components.common.evaluation.corpus_results import MODEL as CANDIDATE
from components.common.examples_artifact import split_globs, split_names
from components.corpus_evaluator.request import CorpusRequest
from components.corpus_evaluator.run import Files, evaluate
from relation.files.saved_model import load_model
from relation.names import entity_inputs

TUPLES, EDGES = "tuples", "edges"
MODEL, BASELINE_MODEL = "model", "baseline_model"
REQUEST, CODE_FINGERPRINT = "request", "code_fingerprint"
CORPUS_EVALUATION = "corpus_evaluation"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Measures embeddings of the held-out entities, by the candidate and by the blessed model."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See `component.CorpusEvaluator` for inputs, outputs and properties."""
        request = CorpusRequest.model_validate_json(exec_properties[REQUEST])
        output = artifact_utils.get_single_uri(output_dict[CORPUS_EVALUATION])
        scratch = os.path.join(self._get_tmp_dir(), "encoded")
        baseline = without_candidates(input_dict.get(BASELINE_MODEL, []), input_dict[MODEL])
        models = {CANDIDATE: _path(artifact_utils.get_single_instance(input_dict[MODEL]))}
        if baseline and _fits(request, _path(baseline[0])):
            models[BLESSED] = _path(baseline[0])
        files = _files(request, input_dict)
        first, *others = request.compiled.measured
        results, arrays = self._measured(request, first, files, models, scratch)
        for split in others:
            results[split], _ = self._measured(request, split, files, models, scratch)
        corpus_results.write(output, results, arrays)

    def _measured(
        self,
        request: CorpusRequest,
        split: str,
        files: Files,
        models: Mapping[str, str],
        scratch: str,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Evaluates one split."""
        of_split = request.model_copy(update={"held_out": split})
        folder, make_pipeline = os.path.join(scratch, split), self._make_beam_pipeline
        with tempfile.TemporaryDirectory(prefix="relata-") as local:
            return evaluate(of_split, files, models, folder, local, make_pipeline)


def _path(model: types.Artifact) -> str:
    return str(path_utils.serving_model_path(model.uri))


def _fits(request: CorpusRequest, path: str) -> bool:
    """Whether a model embeds all entity types of the tuples."""
    signatures = load_model(path).signatures
    entities = request.compiled.tuples.entities
    return all(f"embed_{entity}" in signatures for entity in entities)


def _files(request: CorpusRequest, artifacts: Mapping[str, list[types.Artifact]]) -> Files:
    compiled = request.compiled
    inputs = entity_inputs(compiled.entities)
    entities = {}
    for key, entity in inputs.items():
        if entity in request.schemas:
            artifact = artifact_utils.get_single_instance(artifacts[key])
            everything = [path for paths in _by_split(artifact).values() for path in paths]
            common = entity in compiled.shared
            entities[entity] = (
                dict.fromkeys(compiled.shares, everything) if common else _by_split(artifact)
            )
    tuples = _by_split(artifact_utils.get_single_instance(artifacts[TUPLES]))
    edges: Mapping[str, Sequence[str]] = {}
    if artifacts.get(EDGES) and compiled.edge_table is not None:
        edges = _by_split(artifact_utils.get_single_instance(artifacts[EDGES]))
    paths = [
        path
        for by_split in entities.values()
        for split_paths in by_split.values()
        for path in split_paths
    ]
    paths += [path for split_paths in tuples.values() for path in split_paths]
    return Files(
        entities,
        {split: tuples[split] for split in compiled.shares},
        edges,
        {path: int(tf.io.gfile.stat(path).length) for path in paths},
    )


def _by_split(examples: types.Artifact) -> dict[str, list[str]]:
    return {
        split: sorted(
            path for glob in split_globs(examples, split) for path in tf.io.gfile.glob(glob)
        )
        for split in split_names(examples)
    }
