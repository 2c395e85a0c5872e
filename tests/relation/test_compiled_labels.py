"""The label of a compiled relation: its kind, width and domain follow from the column."""

import pytest

from relation.compiled import Label
from relation.spec import LabelKind
from tests.relations import compiled

ENDS = {side: {"entity": "item", "id": side} for side in ("left", "right")}
SCHEMA = """
    feature { name: "left" type: BYTES } feature { name: "right" type: BYTES }
    feature { name: "kind" type: BYTES domain: "kinds" }
    feature { name: "level" type: INT int_domain { is_categorical: true min: 2 max: 4 } }
    feature { name: "number" type: FLOAT }
    feature { name: "three" type: FLOAT shape { dim { size: 3 } } }
    string_domain { name: "kinds" value: "near" value: "far" value: "other" }
"""


@pytest.mark.parametrize(
    ("kind", "column", "label"),
    [
        ("binary", None, Label(kind=LabelKind.BINARY)),
        ("scalar", "number", Label(kind=LabelKind.SCALAR)),
        ("vector", "three", Label(kind=LabelKind.VECTOR, width=3)),
        ("class", "kind", Label(kind=LabelKind.CLASS, domain=("near", "far", "other"))),
        ("class", "level", Label(kind=LabelKind.CLASS, domain=("2", "3", "4"))),
    ],
)
def test_labels_of_edges(kind, column, label):
    source = {"type": "edges", "edges": "link", "label": kind}
    link = {**ENDS, **({"value": column} if column else {})}
    relation = compiled(
        {"item": "id"}, {"type": "pairs", "source": source}, {"link": SCHEMA}, {"link": link}
    )
    assert relation.label == label
