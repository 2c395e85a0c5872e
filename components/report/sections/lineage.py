"""The sources of the tuples and the model."""

from components.report.collect.evidence import Evidence
from components.report.render.cards import Cards
from components.report.render.page import Section, Table, TableCell
from components.report.text import printable, words


def lineage(evidence: Evidence, _: Cards) -> Section:
    """List artifacts, seeds and fingerprints of the code."""
    request = evidence.request
    facts = [
        *evidence.lineage,
        *((("split", request.split),) if request.split else ()),
        *((f"seed of the {words(process)}", str(seed)) for process, seed in request.seeds.items()),
        *((f"code of {node}", digits) for node, digits in request.fingerprints.items()),
    ]
    rows = tuple((TableCell(printable(name)), TableCell(printable(value))) for name, value in facts)
    lead = (
        "The same rows, recipe, seeds and code give the same tuples, and on one machine this model."
    )
    return Section("lineage", "Lineage", lead, (Table("Made from", ("what", "which"), rows),))
