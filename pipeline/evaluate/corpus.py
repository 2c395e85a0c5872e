"""Metrics of nearest neighbours among rows, as the CorpusEvaluator computes them."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from components.common.evaluation.corpus_results import MODEL
from components.common.input_files import InputFile
from components.corpus_evaluator import run
from components.corpus_evaluator.request import CorpusRequest
from pipeline.evaluate.tuples import make_pipeline
from relation.compiled import CompiledRelation
from relation.names import EVAL, TRAIN
from trainer_module.model.interface import ServedInterface


def measure(
    interface: ServedInterface,
    compiled: CompiledRelation,
    model: str,
    rows: Mapping[str, InputFile],
    tuples: Sequence[str],
    slices: Sequence[str],
    folder: str,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Embed the rows, and search the neighbours of each among them.

    Args:
      interface: of the model.
      compiled: the relation.
      model: folder of the SavedModel.
      rows: file of each table.
      tuples: files of the tuples of the rows.
      slices: features of queries whose values are measured apart.
      folder: for temporary files.

    Returns:
      What `corpus.json` and `sample.npz` of a run hold. Baselines that need training rows are
      missing.
    """
    entities = {name: file for name, file in rows.items() if name in compiled.entities}
    request = CorpusRequest(
        compiled=compiled,
        features=interface.features,
        schemas={name: interface.schemas[name] for name in entities},
        similarity=interface.similarity,
        references=EVAL,
        slices=tuple(slices),
        image=interface.image,
    )
    related = compiled.edge_table and rows.get(compiled.edge_table.name)
    files = run.Files(
        entities={name: {EVAL: [file.path], TRAIN: []} for name, file in entities.items()},
        tuples={EVAL: tuples, TRAIN: []},
        edges={EVAL: [related.path]} if related else {},
        sizes={path: os.path.getsize(path) for path in [*tuples, *(f.path for f in rows.values())]},
    )
    scratch, local = os.path.join(folder, "encoded"), os.path.join(folder, "local")
    os.makedirs(local)
    return run.evaluate(request, files, {MODEL: model}, scratch, local, make_pipeline)
