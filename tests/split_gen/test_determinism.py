import random

import pytest

from components.split_gen.split_context import partitions_for
from tests.split_gen.helpers import ENDS, by_time, edge, item, request, run

PARALLEL = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
PAIRS = [(n, n + 1 + n % 3) for n in range(0, 600, 4)] + [(n, n + 20) for n in range(0, 300, 20)]
ROWS = {
    "examples": [item(n % 500, at=n % 97, x=n) for n in range(600)],
    "edges": [edge(left, right) for left, right in PAIRS],
}


IN_MEMORY = {
    "two": {"shards": 2, "partitions": 3, "held": 50},
    "eight": {"shards": 8, "partitions": 5, "held": 7},
}
IN_PROCESSES = {"processes": {"shards": 8, "partitions": 2, "held": 100, "flags": PARALLEL}}


@pytest.mark.parametrize(
    ("asked", "settings"),
    [
        (request(), IN_MEMORY | IN_PROCESSES),
        (by_time(edges=ENDS), IN_MEMORY),
    ],
    ids=["component", "time"],
)
def test_shards_order_blocks_and_workers_change_nothing(tmp_path, asked, settings):
    _, expected = run(asked, tmp_path / "one", ROWS)
    for name, how in settings.items():
        shuffled = {key: random.Random(name).sample(rows, len(rows)) for key, rows in ROWS.items()}
        _, actual = run(asked, tmp_path / name, shuffled, **how)
        assert actual == expected
    for name, rows in ROWS.items():
        assert sorted(expected[name][0] + expected[name][1]) == sorted(rows)


def test_blocks_grow_with_the_input():
    assert partitions_for([10]) == 1
    assert partitions_for([2**30] * 4) == 512
    assert partitions_for([2**40]) == 1024
