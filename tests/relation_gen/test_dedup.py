import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.common import example_wire, hashing
from components.common.columns import Strings, take
from components.common.rows.row_requirements import entity_spec
from components.relation_gen.batches import Entities
from components.relation_gen.rows import unique_rows
from relation.core.errors import DataError
from tests.relation_gen.helpers import SCHEMA, request, row

SPEC = entity_spec(request(), "item", SCHEMA)


def entities(*rows: bytes) -> Entities:
    """Rows as entities; the block is the label."""
    payloads = [
        example_wire.payload(example_wire.features_of(one), SPEC.rows.encoded_names) for one in rows
    ]
    n = len(rows)
    label = [int(example_wire.values_at(payload, 1)[0]) for payload in payloads]
    ids = [unique_rows.id_of(payload) for payload in payloads]
    return Entities(
        hashing.hash_values(ids, integers=False),
        np.zeros(n, dtype=np.uint8),
        np.array(label, dtype=np.uint64),
        np.zeros(n, dtype=np.uint64),
        np.array(label, dtype=np.float64),
        Strings.of(payloads),
    )


def test_which_row_wins_does_not_depend_on_order():
    one, two = row(id=b"a", label=1), row(id=b"a", label=2)
    rows = [one, one, two, row(id=b"b", label=1)]
    results = set()
    for order in itertools.permutations(rows):
        found = unique_rows.unique(entities(*order), SPEC)
        assert len(found.entities.key) == 2
        assert (np.diff(found.entities.key.astype(object)) > 0).all()
        results.add(
            (
                tuple(found.entities.payload),
                tuple(found.entities.group.tolist()),
                tuple(found.duplicates),
                tuple(found.conflicts),
            )
        )
    (result,) = results
    assert result[2:] == ((b"a",), (b"a",))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([b"a", b"b", b"c\n", b"\xff"]), st.integers(0, 2)), max_size=12
    )
)
def test_each_id_is_used_once_and_every_other_row_is_counted(rows):
    found = unique_rows.unique(entities(*(row(id=name, label=label) for name, label in rows)), SPEC)
    labels: dict[bytes, list[int]] = {}
    for name, label in rows:
        labels.setdefault(name, []).append(label)
    used = dict(
        zip(
            map(unique_rows.id_of, found.entities.payload),
            found.entities.group.tolist(),
            strict=True,
        )
    )
    assert used == {name: min(own) for name, own in labels.items()}
    assert found.entities.numbers.tolist() == found.entities.group.tolist()
    assert Counter(found.duplicates) == +Counter(
        {n: own.count(min(own)) - 1 for n, own in labels.items()}
    )
    conflicts = {n: len(own) - own.count(min(own)) for n, own in labels.items()}
    assert Counter(found.conflicts) == +Counter(conflicts)
    assert len(rows) == len(used) + len(found.duplicates) + len(found.conflicts)


def test_ids_with_one_key_are_refused():
    two = entities(row(id=b"a", label=1), row(id=b"b\n", label=1))
    clash = Entities(
        np.array([9, 9], dtype=np.uint64),
        two.split,
        two.group,
        two.negatives_group,
        two.numbers,
        two.payload,
    )
    with pytest.raises(DataError, match=r"ids 'a' and 'b\\n' have the same 64-bit key"):
        unique_rows.unique(clash, SPEC)


def test_no_entities():
    none = take(entities(row(id=b"a", label=1)), np.zeros(0, dtype=np.intp))
    found = unique_rows.unique(none, SPEC)
    assert (len(found.entities.key), found.duplicates, found.conflicts) == (0, [], [])
