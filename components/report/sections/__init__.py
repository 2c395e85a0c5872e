"""The sections of the page, in order: each a function of the evidence.

A section returns None where it has no content.
"""

from collections.abc import Callable

from components.report.collect.evidence import Evidence
from components.report.render.cards import Cards
from components.report.render.page import Section
from components.report.sections.audit import audit
from components.report.sections.class_confusion import class_confusion
from components.report.sections.embedding_maps import embedding_maps
from components.report.sections.examples import examples
from components.report.sections.gate_table import gate_table
from components.report.sections.label_images import label_images
from components.report.sections.lineage import lineage
from components.report.sections.metrics import metrics
from components.report.sections.mistakes import mistakes
from components.report.sections.nearest_neighbours import nearest_neighbours
from components.report.sections.ranked_queries import ranked_queries
from components.report.sections.regression import regression
from components.report.sections.relatedness import relatedness
from components.report.sections.slices import slices
from components.report.sections.tag_quality import tag_quality
from components.report.sections.training_curves import training_curves

SECTIONS: tuple[Callable[[Evidence, Cards], Section | None], ...] = (
    gate_table,
    metrics,
    relatedness,
    nearest_neighbours,
    mistakes,
    ranked_queries,
    tag_quality,
    label_images,
    regression,
    class_confusion,
    embedding_maps,
    training_curves,
    slices,
    audit,
    examples,
    lineage,
)
