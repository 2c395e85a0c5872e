"""The page of an evaluation: that of a run, without its verdict, training and gates."""

from collections.abc import Iterable, Mapping
from typing import Any

from components.common.evaluation.evaluation_results import Verdict
from components.common.input_files import InputFile
from components.relation_gen.stats.summary import Stats
from components.report.build import page
from components.report.collect.evidence import Evidence
from components.report.collect.model_evidence import with_model
from components.report.collect.served_model import ServedModel
from components.report.collect.tuple_sample import sample
from components.report.render.html import html
from components.report.request import ReportRequest
from pipeline.evaluate.tuples import records_of
from relation.compiled import CompiledRelation
from relation.files.saved_model import Signatures
from trainer_module.model.interface import ServedInterface


def page_of(
    interface: ServedInterface,
    compiled: CompiledRelation,
    model: Signatures,
    name: str,
    rows: Mapping[str, InputFile],
    tuples: Iterable[str],
    stats: Stats,
    verdict: Verdict,
    arrays: Mapping[str, Any],
    sources: Mapping[str, str],
) -> str:
    """Render the page.

    Args:
      interface: of the model.
      compiled: the relation.
      model: its signatures.
      name: folder of the model.
      rows: file of each table.
      tuples: files of tuples.
      stats: counts of rows and tuples.
      verdict: the metrics.
      arrays: content of `sample.npz`; of s queries, [s] or [s, ...].
      sources: path or glob of each table.
    """
    request = ReportRequest(
        recipe=name,
        description="A model on rows that it was given after it was pushed.",
        compiled=compiled,
        features={
            entity: tuple(interface.columns(entity).values()) for entity in compiled.tuples.entities
        },
        seeds={"relation": compiled.seed},
    )
    evidence = Evidence(
        request=request,
        stats=stats,
        sample=sample(records_of(list(tuples)), request),
        lineage=(("model", name), *((f"rows of {n}", path) for n, path in sources.items())),
        rows="given",
    )

    def records(entity: str) -> Iterable[bytes]:
        return records_of([rows[entity].path] if entity in rows else [])

    return html(page(with_model(evidence, ServedModel(model), verdict, arrays, records, {})))
