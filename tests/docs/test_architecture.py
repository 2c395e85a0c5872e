"""docs/architecture.md and its picture name rooms and files that there are."""

import re

import pytest

from docs.figures import architecture
from relation.load import PROJECT
from tests.docs.pages import DOCS

PAGE = (DOCS / "architecture.md").read_text()


@pytest.mark.parametrize("package", architecture.PACKAGES)
def test_the_rooms_of_the_picture_are_there(package):
    *_, rooms = architecture.PACKAGES[package]
    for room in re.findall(r"[a-z_]+", rooms.replace("and common for all", "common")):
        place = PROJECT / package / room
        assert place.is_dir() or place.with_suffix(".py").is_file(), place


def test_the_nodes_of_the_picture_are_those_of_the_table():
    named = [name for line in architecture.NODES for name, _ in line]
    rows = re.findall(r"^\| ([A-Z]\w+(?:, [A-Z]\w+)?) \|", PAGE, re.MULTILINE)
    stated = [name for row in rows for name in row.split(", ")]
    assert set(stated) == set(named) - {"EntityStatistics", "TupleStatistics"}
