"""Memory is bounded: BASE + FACTOR × budget, whatever the rows, and whatever the largest key.

The base is what the process holds after its imports, and BASE beside. Each run is in a process of
its own, since what a process held at most cannot be taken back.
"""

import functools
import tempfile
from pathlib import Path

import pytest

from bench.isolated import Measured, call
from bench.relation_gen_memory import BASE, BUDGET, FACTOR
from bench.relation_gen_rows import CASES, write
from relation.relation_types import Triplets
from tests.relation_gen.helpers import request, row, run, shards

SMALL, LARGE, SIZE = 10_000, 100_000, 800
"""Rows, and bytes of each: the tuples of the larger input are 580 MB on disk."""


def bound(budget: int) -> float:
    return BASE + FACTOR * budget


@functools.cache
def taken(case: str, rows: int, budget: int = BUDGET) -> Measured:
    """Materializes three triplets of each row."""
    with tempfile.TemporaryDirectory() as folder:
        data = write(CASES[case](rows, SIZE), Path(folder) / "data")
        output = str(Path(folder) / "out")
        found = call("bench.relation_gen_job:ours", data=str(data), output=output, memory_mb=budget)
    assert found.value["tuples"] == 3 * rows
    return found


@pytest.mark.parametrize(
    ("case", "budget"), [("uniform", BUDGET), ("hot_key", BUDGET), ("uniform", 96)]
)
def test_memory_is_bounded_whatever_the_rows_and_their_keys(case, budget):
    actual = taken(case, LARGE, budget)
    assert actual.value["stored"] > 1.2 * bound(budget) * 2**20  # More cannot have been held.
    assert actual.peak - actual.base < bound(budget)


def test_ten_times_the_rows_hold_little_more():
    # The parts that the work is cut into grow up to a size, then their number does.
    assert taken("uniform", LARGE).peak - taken("uniform", SMALL).peak < bound(BUDGET) / 2


def test_the_default_is_what_is_measured():
    assert Triplets.model_fields["memory_mb"].default == BUDGET


def test_the_budget_changes_how_many_files_there_are_and_nothing_else(tmp_path):
    rows = [row(id=b"%d" % n, label=n % 5, x=[n / 7.0] * 250) for n in range(2500)]
    held = [row(id=b"e%d" % n, label=n % 5, x=[n / 7.0]) for n in range(20)]
    actual = {}
    for budget in (32, 320):
        asked = request("triplets", triplets_per_anchor=3)
        asked = asked.model_copy(update={"memory_mb": budget})
        splits = {"train": [rows[::2], rows[1::2]], "eval": [held]}
        _, output = run(asked, tmp_path / str(budget), splits)
        actual[budget] = {split: shards(output, split) for split in ("train", "eval", "entities")}
    assert len(actual[32]["train"]) > 3
    assert len(actual[320]["train"]) == 1
    for split in actual[32]:
        few, many = (
            [record for shard in actual[budget][split] for record in shard] for budget in (320, 32)
        )
        assert few == many
