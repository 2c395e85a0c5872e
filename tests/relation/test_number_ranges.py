"""Every number that a recipe reads of rows has a range, whatever its source."""

import pytest

from relation.validation.number_ranges import confidence
from tests.relation.systems import SYSTEMS, load

THRESHOLDS = {("edge_triplets", "likeness"), ("edge_ntuples", "likeness")}
"""Values that are compared with a threshold, and are no label."""


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_number_has_a_range(tmp_path, name):
    for required in load(tmp_path, name).compiled.rows.values():
        for number in required.numbers:
            assert number.ranges or (name, number.name) in THRESHOLDS, number


def test_confidences_are_whole_where_there_are_levels():
    assert confidence(1).fractional is None
    assert (confidence(4).most, confidence(4).fractional) == (4, "bad_confidence")
