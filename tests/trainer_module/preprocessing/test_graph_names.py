"""Names in the graph: ordinary ones as they are up to 100 characters, others with a hash."""

import hashlib

import pytest

from relation.schema import Feature, FeatureKind
from trainer_module.preprocessing.graph_names import graph_names


def named(name, entity="item"):
    feature = Feature(name=name, kind=FeatureKind.NUMERIC, dtype="float", width=1)
    return graph_names({entity: (feature,)})[entity, name]


def hashed(name):
    return hashlib.sha256(f"own\0item\0{name}".encode()).hexdigest()[:16]


def test_a_name_of_a_hundred_characters_is_ordinary():
    longest, longer = "x" * (100 - len("item_")), "x" * (101 - len("item_"))
    assert named(longest) == f"item_{longest}"
    assert named(longer) == f"item_{longer}"[:100] + f"_{hashed(longer)}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a b", "item_a_b"), ("a__", "item_a__"), ("größe", "item_gr_e"), ("a b ", "item_a_b")],
)
def test_what_is_no_scope_is_replaced(name, shown):
    ordinary = name.isidentifier() and name.isascii()
    assert named(name) == (shown if ordinary else f"{shown}_{hashed(name)}")
