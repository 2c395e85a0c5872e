"""The sections of the page, in its order: each a function of the evidence.

It gives None where it has nothing to say.
"""

from collections.abc import Callable

from components.report.collect.evidence import Evidence
from components.report.render.cards import Cards
from components.report.render.page import Section
from components.report.sections.classes import classes
from components.report.sections.data import data
from components.report.sections.examples import examples
from components.report.sections.gates import gates
from components.report.sections.lineage import lineage
from components.report.sections.maps import maps
from components.report.sections.metrics import metrics
from components.report.sections.mistakes import mistakes
from components.report.sections.neighbours import neighbours
from components.report.sections.numbers import numbers
from components.report.sections.pictures import pictures
from components.report.sections.ranking import ranking
from components.report.sections.relatedness import relatedness
from components.report.sections.slices import slices
from components.report.sections.tags import tags
from components.report.sections.training import training

SECTIONS: tuple[Callable[[Evidence, Cards], Section | None], ...] = (
    gates,
    metrics,
    relatedness,
    neighbours,
    mistakes,
    ranking,
    tags,
    pictures,
    numbers,
    classes,
    maps,
    training,
    slices,
    data,
    examples,
    lineage,
)
