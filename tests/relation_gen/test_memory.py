"""Memory is bounded: base + FACTOR × SHARD_BYTES, whatever the rows, and whatever the largest key.

The base is what the process holds after its imports. Each run is in a process of its own, since
what a process held at most cannot be taken back.
"""

import functools
import tempfile
from pathlib import Path

import pytest

from bench.isolated import Measured, call
from bench.relation_gen_rows import CASES, write
from components.relation_gen.layout import SHARD_BYTES

SMALL, LARGE, SIZE = 10_000, 100_000, 800
"""Rows, and bytes of each: the tuples of the larger input are 580 MB on disk."""
FACTOR = 5
BOUND = FACTOR * SHARD_BYTES / 2**20


@functools.cache
def taken(case: str, rows: int) -> Measured:
    """Materializes three triplets of each row."""
    with tempfile.TemporaryDirectory() as folder:
        data = write(CASES[case](rows, SIZE), Path(folder) / "data")
        output = str(Path(folder) / "out")
        found = call("bench.relation_gen_job:ours", data=str(data), output=output)
    assert found.value["tuples"] == 3 * rows
    return found


@pytest.mark.parametrize("case", ["uniform", "hot_key"])
def test_memory_is_bounded_whatever_the_rows_and_their_keys(case):
    found = taken(case, LARGE)
    assert found.value["stored"] > 1.5 * BOUND * 2**20  # Compressed; more cannot have been held.
    assert found.peak - found.base < BOUND


def test_ten_times_the_rows_hold_little_more():
    # The parts that the work is cut into grow up to a size, then their number does.
    assert taken("uniform", LARGE).peak - taken("uniform", SMALL).peak < BOUND / 2
