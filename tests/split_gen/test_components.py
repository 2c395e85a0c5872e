import itertools
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.split_gen import run as running
from components.split_gen.row_columns import Values, keys_of
from components.split_gen.split_context import SplitContext
from relation.core.errors import DataError
from tests.split_gen.helpers import components, edge, ids, item, request, row, run, serial


@pytest.fixture(autouse=True)
def without_beam(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "run", serial)
        yield


def splits(asked, items, pairs, **settings):
    """Statistics, and the ids of the items in each split, and edges in each split."""
    rows = {"examples": [item(n) for n in items], "edges": [edge(*pair) for pair in pairs]}
    with tempfile.TemporaryDirectory() as folder:
        found, out = run(asked, Path(folder), rows, **settings)
    edges = [list(zip(ids(e, "left"), ids(e, "right"), strict=True)) for e in out["edges"]]
    return found, [ids(split) for split in out["examples"]], edges


def in_train(asked, members: set[int]) -> bool:
    """What the documentation says: a hash of the smallest key of the component, and the seed."""
    values = Values(np.ones(len(members), dtype=bool), [b"%d" % n for n in members])
    label = keys_of(values, "item", integers=False).min()
    context = SplitContext(asked, (), 1, 1, "", {})
    return bool(context.by_hash(np.array([label]))[0] == 0)


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=40),
    nodes=st.integers(2, 31),
    seed=st.integers(0, 3),
    partitions=st.sampled_from([1, 3, 8]),
    held=st.sampled_from([1, 5, 1000]),
    shards=st.integers(1, 3),
)
def test_random_graphs_against_union_find(pairs, nodes, seed, partitions, held, shards):
    asked = request(seed=seed)
    actual = components(range(nodes), pairs)
    expected = [set(), set()]
    for members in actual:
        expected[not in_train(asked, members)] |= members
    connected = sum(len(members) for members in actual if len(members) > 1)
    largest = max(map(len, actual))

    def split_of(pair):
        ends = [end for end in pair if end < nodes]
        return 0 if not ends or ends[0] in expected[0] else 1

    edges_of = [sum(split_of(pair) == side for pair in pairs) for side in (0, 1)]
    refused, stats, items, edges = "", {}, [], []
    try:
        stats, items, edges = splits(
            asked, range(nodes), pairs, partitions=partitions, held=held, shards=shards
        )
    except DataError as error:
        refused = str(error)
    giant = connected > 0 and largest > 0.85 * connected
    assert ("into one component" in refused) == giant
    assert bool(refused) == (giant or not all(expected) or not all(edges_of))
    if refused:
        return
    assert [set(part) for part in items] == expected
    assert [len(part) for part in edges] == edges_of
    for part, own in zip(edges, expected, strict=True):
        for pair in part:
            assert all(end in own for end in pair if end < nodes)
    assert stats["components"]["count"] == len(actual)
    assert stats["components"]["connected_entities"] == connected
    assert stats["components"]["largest"] == largest
    dangling = [sum(end >= nodes for end in pair) for pair in pairs]
    assert stats["edges"] == {
        "with_one_end": dangling.count(1),
        "without_an_end": dangling.count(2),
    }


def path(start: int, length: int) -> list[tuple[int, int]]:
    return list(itertools.pairwise(range(start, start + length)))


@pytest.mark.parametrize("partitions", [1, 16])
def test_a_path_of_20_000_nodes_takes_a_logarithmic_number_of_rounds(partitions):
    pairs = path(0, 20_000) + [p for n in range(20) for p in path(20_000 + 500 * n, 500)]
    random.Random(0).shuffle(pairs)
    stats, items, _ = splits(
        request(), range(30_000), pairs, partitions=partitions, held=500, shards=8
    )
    assert stats["components"] == {
        "count": 21,
        "connected_entities": 30_000,
        "largest": 20_000,
        "rounds": stats["components"]["rounds"],
    }
    assert stats["components"]["rounds"] <= 15  # log2(20,000) is 14.3.
    for part in items:
        assert set(range(20_000)) <= set(part) or not set(range(20_000)) & set(part)


def test_stars_that_no_task_holds_at_once():
    pairs = [(0, n) for n in range(1, 4000)] + [(5000 + n // 40, 6000 + n) for n in range(4000)]
    nodes = {node for pair in pairs for node in pair}
    stats, items, _ = splits(request(), sorted(nodes), pairs, partitions=4, held=200)
    assert stats["components"]["largest"] == 4000
    assert stats["components"]["count"] == 101
    assert len(items[0]) + len(items[1]) == len(nodes)


def test_entities_without_edges_are_components_of_one():
    stats, items, _ = splits(request(), range(4000), path(0, 3) + path(10, 3) + path(20, 3))
    assert stats["components"]["count"] == 4000 - 6
    assert len(items[0]) == pytest.approx(3000, abs=120)


def test_the_shares_count_and_the_seed_decides():
    pairs = [(2 * n, 2 * n + 1) for n in range(2000)]
    _, one, _ = splits(request(train=1, eval=1), range(4000), pairs)
    _, same, _ = splits(request(train=1, eval=1), range(4000), pairs)
    _, other, _ = splits(request(train=1, eval=1, seed=1), range(4000), pairs)
    assert one == same
    assert one != other
    assert len(one[0]) == pytest.approx(2000, abs=200)


def test_a_third_share_tests_and_components_stay_whole():
    pairs = [(2 * n, 2 * n + 1) for n in range(2000)]
    stats, items, edges = splits(request(train=2, eval=1, test=1), range(4000), pairs)
    assert [len(part) for part in items] == pytest.approx([2000, 1000, 1000], abs=150)
    assert [sorted(node for edge in part for node in edge) for part in edges] == items
    assert stats["rows"]["edges"]["test"] == len(edges[2])


def test_a_giant_component_is_refused():
    pairs = path(0, 90) + path(100, 10)
    with pytest.raises(
        DataError, match=r"connect 90 of the 100 entities that have edges \(90%\)"
    ) as e:
        splits(request(), range(5000), pairs, partitions=3)
    assert "among them item '" in str(e.value)
    assert "at most 85%" in str(e.value)
    assert "`shared`" in str(e.value)
    assert "`time`" in str(e.value)


def test_a_split_that_would_be_empty_is_refused():
    with pytest.raises(
        DataError, match=r"split '\w+' of \w+ would be empty: its \d rows form 2 components"
    ):
        splits(request(train=1000), range(4), [(0, 1), (2, 3)])


def test_ends_of_two_types_with_equal_ids_are_two_entities(tmp_path):
    asked = request(
        entities={"a": {"name": "id", "type": "bytes"}, "b": {"name": "key", "type": "int"}},
        edges={
            "left": {"entity": "a", "id": {"name": "left", "type": "bytes"}},
            "right": {"entity": "b", "id": {"name": "right", "type": "int"}},
        },
    )
    rows = {
        "examples": [item(n) for n in range(100)],
        "other_examples": [row(key=n) for n in range(100)],
        "edges": [row(left=b"%d" % n, right=(n + 1) % 100) for n in range(0, 100, 2)],
    }
    stats, out = run(asked, tmp_path, rows, partitions=3)
    assert stats["components"]["count"] == 150
    assert stats["components"]["largest"] == 2
    assert all(sum(map(len, out[name])) == len(rows[name]) for name in rows)
    for side in (0, 1):
        edges = ids(out["edges"][side], "left")
        assert set(edges) <= set(ids(out["examples"][side]))


SHARED = {
    "entities": {"user": {"name": "id", "type": "bytes"}, "item": {"name": "id", "type": "bytes"}},
    "edges": {
        "left": {"entity": "user", "id": {"name": "left", "type": "bytes"}},
        "right": {"entity": "item", "id": {"name": "right", "type": "bytes"}},
    },
    "shared": ["user"],
}


def test_shared_types_connect_nothing_and_edges_follow_the_other_end(tmp_path):
    rows = {
        "examples": [item(n) for n in range(10)],
        "other_examples": [item(n) for n in range(100)],
        "edges": [edge(n % 10, n) for n in range(100)] + [edge(3, 777)],
    }
    stats, out = run(request(**SHARED), tmp_path, rows, partitions=3)
    assert stats["components"] == {"count": 100, "connected_entities": 0, "largest": 1, "rounds": 0}
    assert stats["edges"] == {"with_one_end": 1, "without_an_end": 0}
    for side in (0, 1):
        items = set(ids(out["other_examples"][side]))
        assert {n for n in ids(out["edges"][side], "right") if n != 777} == items
        assert (777 in ids(out["edges"][side], "right")) == (3 in ids(out["examples"][side]))


def test_bad_rows_pass_through(tmp_path):
    rows = {
        "examples": [item(n) for n in range(200)] + [row(x=1), row(id=[b"1", b"2"]), row(id=b"")],
        "edges": [edge(n, n + 1) for n in range(0, 200, 2)]
        + [row(left=b"5"), row(right=b"5"), row(left=7, right=b"5"), row(x=1)],
    }
    stats, out = run(request(), tmp_path, rows)
    assert all(sorted(out[name][0] + out[name][1]) == sorted(rows[name]) for name in rows)
    assert stats["rows"]["examples"]["no_id"] == 3
    assert stats["rows"]["edges"]["no_id"] == 4
    assert stats["edges"] == {"with_one_end": 3, "without_an_end": 1}
    home = 0 if item(5) in out["examples"][0] else 1
    assert row(left=b"5") in out["edges"][home]
    assert row(x=1) in out["examples"][0]
    assert row(x=1) in out["edges"][0]


def test_what_is_no_example_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"0\.gz: holds a record that is not a tf\.Example"):
        run(request(), tmp_path, {"examples": [item(1), b"nope"], "edges": [edge(1, 2)]})
    assert not any(path.is_file() for path in (tmp_path / "out").rglob("*"))


def test_no_rows_are_refused(tmp_path):
    with pytest.raises(DataError, match="edges: there are no rows to split"):
        run(request(), tmp_path, {"examples": [item(1)], "edges": []})
