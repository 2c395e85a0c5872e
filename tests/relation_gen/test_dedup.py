import itertools

import numpy as np
import pytest

from components.relation_gen import dedup, steps
from components.relation_gen.columns import Entities
from components.relation_gen.rows import row_spec
from components.relation_gen.screen import Screen
from relation.errors import DataError
from tests.relation_gen.helpers import SCHEMA, request, row

SPEC = row_spec(request(), SCHEMA)


def entities(*rows: bytes) -> Entities:
    return steps.pack_rows(rows, Screen(SPEC)(list(rows)), range(len(rows)), SPEC)


def test_which_row_wins_does_not_depend_on_order():
    one, two = row(id=b"a", label=1), row(id=b"a", label=2)
    rows = [one, one, two, row(id=b"b", label=1)]
    results = set()
    for order in itertools.permutations(rows):
        found = dedup.unique([entities(*order[:2]), entities(*order[2:])], SPEC)
        assert len(found.entities.key) == 2
        assert (np.diff(found.entities.key.astype(object)) > 0).all()
        results.add(
            (
                tuple(found.entities.payload),
                tuple(found.entities.label.tolist()),
                tuple(found.duplicates),
                tuple(found.conflicts),
            )
        )
    (result,) = results
    assert result[2:] == ((b"a",), (b"a",))


def test_ids_with_one_key_are_refused():
    two = entities(row(id=b"a", label=1), row(id=b"b\n", label=1))
    clash = Entities(np.array([9, 9], dtype=np.uint64), two.label, two.payload)
    with pytest.raises(DataError, match=r"ids 'a' and 'b\\n' have the same 64-bit key"):
        dedup.unique([clash], SPEC)


def test_label_values_with_one_hash_are_refused():
    parts = []
    for value in (1, 2):
        part = entities(row(id=b"a", label=value))
        same = Entities(part.key, np.array([5], dtype=np.uint64), part.payload)
        parts.extend(labelled for _, labelled in steps.labelled(same, SPEC, 4))
    with pytest.raises(DataError, match="values '1' and '2' have the same 64-bit hash"):
        steps.label_values(parts, "label")
