import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.split_gen import run as running
from components.split_gen.by_time import timeline
from components.split_gen.request import SplitRequest
from relation.core.errors import DataError
from tests.split_gen.helpers import by_time, edge, ids, item, request, row, run, serial
from tests.split_gen.test_components import SHARED


@pytest.fixture(autouse=True)
def without_beam(monkeypatch):
    monkeypatch.setattr(running, "run", serial)


INTS = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))
FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.5, -1.5]),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)


@settings(max_examples=200, deadline=None)
@given(times=st.one_of(st.lists(INTS, min_size=1), st.lists(FLOATS, min_size=1)))
def test_codes_have_the_order_of_times_and_lead_back(times):
    integers = isinstance(times[0], int)
    codes = (
        timeline.int_codes(np.array(times, dtype=np.int64))
        if integers
        else timeline.float_codes(np.array(times))
    ).tolist()
    for code, time in zip(codes, times, strict=True):
        assert timeline.decode(code, integers=integers) == time
        assert [code < other for other in codes] == [time < other for other in times]


@settings(max_examples=200, deadline=None)
@given(
    times=st.lists(INTS, min_size=1, max_size=40),
    rank=st.integers(0, 39),
    cut=st.integers(0, 40),
)
def test_the_window_narrows_to_the_row_of_a_rank(times, rank, cut):
    rank = min(rank, len(times) - 1)
    codes = timeline.int_codes(np.array(times, dtype=np.int64))
    window = timeline.Window()
    for _ in range(timeline.PASSES):
        merged: dict[int, int] = {}
        for part in (codes[:cut], codes[cut:]):
            for bin_, rows in window.count(part, np.ones(len(part), dtype=np.int64)).items():
                merged[bin_] = merged.get(bin_, 0) + rows
        window = window.narrow(merged, rank)
    assert timeline.decode(window.prefix, integers=True) == sorted(times)[rank]
    assert window.below == sum(time < sorted(times)[rank] for time in times)


def split(folder: Path, times: list, asked: SplitRequest | None = None, **settings):
    """Statistics, and the times of each split."""
    type_ = "int" if isinstance(times[0], int) else "float"
    rows = [item(n, at=time) for n, time in enumerate(times)]
    stats, out = run(asked or by_time(type_), folder, {"examples": rows}, **settings)
    return stats, [[times[n] for n in ids(part)] for part in out["examples"]]


@settings(max_examples=40, deadline=None)
@given(
    times=st.one_of(
        st.lists(st.integers(-4, 4), min_size=1, max_size=30),
        st.lists(INTS, min_size=1, max_size=30),
        st.lists(FLOATS, min_size=1, max_size=30),
    ),
    train=st.integers(1, 3),
    evaluation=st.integers(1, 3),
    partitions=st.sampled_from([1, 4]),
)
def test_the_earliest_share_trains(tmp_path_factory, times, train, evaluation, partitions):
    type_ = "int" if isinstance(times[0], int) else "float"
    asked = by_time(type_, train=train, eval=evaluation)
    folder = tmp_path_factory.mktemp("time")
    if len(set(times)) == 1:
        with pytest.raises(DataError, match="the same value of 'at'"):
            split(folder, times, asked)
        return
    _, parts = split(folder, times, asked, partitions=partitions, held=5)
    assert max(parts[0]) < min(parts[1])
    assert sorted(parts[0] + parts[1]) == sorted(times)
    # No other cut between two times is closer to the shares.
    wanted = len(times) * train / (train + evaluation)
    distances = [abs(sum(t < c for t in times) - wanted) for c in sorted(set(times))[1:]]
    assert math.isclose(abs(len(parts[0]) - wanted), min(distances))


def test_shares_are_exact_where_no_times_are_equal(tmp_path):
    times = np.random.default_rng(0).permutation(np.arange(-500, 500)).tolist()
    stats, parts = split(tmp_path, times, partitions=5, held=50)
    assert sorted(parts[0]) == list(range(-500, 250))
    assert stats["time"] == {"moment": 250, "rows_of_that_moment": "eval"}
    assert stats["rows"]["examples"]["train"] == 750


def test_the_latest_share_tests(tmp_path):
    times = np.random.default_rng(0).permutation(np.arange(-500, 500)).tolist()
    asked = by_time(train=6, eval=1, test=3)
    stats, parts = split(tmp_path, times, asked, partitions=5, held=50)
    assert [sorted(part) for part in parts] == [
        list(range(-500, 100)),
        list(range(100, 200)),
        list(range(200, 500)),
    ]
    assert stats["time"] == {
        "moment": 100,
        "rows_of_that_moment": "eval",
        "test": {"moment": 200, "rows_of_that_moment": "test"},
    }
    assert stats["rows"]["examples"] == {
        "read": 1000,
        "train": 600,
        "eval": 100,
        "test": 300,
        "no_time": 0,
        "no_id": 0,
    }


def test_two_cuts_at_one_time_leave_a_split_empty(tmp_path):
    with pytest.raises(DataError, match=r"split 'eval' of examples would be empty.* of 1:1:1;"):
        split(tmp_path, [1, 1, 1, 1, 2], by_time(train=1, eval=1, test=1))


def test_ties_are_on_the_side_that_comes_closer(tmp_path):
    stats, parts = split(tmp_path / "late", [1, 2, 3, 3, 3, 3, 3, 3])
    assert parts == [[1, 2], [3] * 6]
    assert stats["time"] == {"moment": 3, "rows_of_that_moment": "eval"}
    stats, parts = split(tmp_path / "early", [1.5] * 7 + [2.5])
    assert parts == [[1.5] * 7, [2.5]]
    assert stats["time"] == {"moment": 1.5, "rows_of_that_moment": "train"}


def test_one_row_and_equal_rows_are_refused(tmp_path):
    for name, times in {"one": [5], "equal": [5, 5, 5, 5]}.items():
        with pytest.raises(DataError, match="all rows have the same value of 'at', so a split"):
            split(tmp_path / name, times)


def test_rows_with_one_id_are_as_early_as_the_earliest(tmp_path):
    rows = [item(n, at=n) for n in range(8)] + [item(0, at=100), item(7, at=200)]
    _, out = run(by_time(), tmp_path, {"examples": rows}, partitions=3)
    assert item(0, at=100) in out["examples"][0]
    assert item(7, at=200) in out["examples"][1]


NO_TIME = [row(id=b"a"), row(id=b"b", at=[1, 2]), row(id=b"c", at=[]), row(id=b"d", at=1.5)]


def test_missing_times_stop_the_run(tmp_path):
    rows = [item(n, at=n) for n in range(8)] + NO_TIME
    with pytest.raises(
        DataError, match=r"examples: 4 of 12 rows have no time: feature 'at' of type int"
    ):
        run(by_time(), tmp_path, {"examples": rows})


def test_missing_times_are_left_out_where_bad_rows_are_skipped(tmp_path):
    rows = [item(n, at=float(n)) for n in range(8)]
    bad = [row(id=b"a", at=math.nan), row(id=b"b", at=-math.inf), row(id=b"c")]
    stats, out = run(by_time("float", bad_rows="skip"), tmp_path, {"examples": bad + rows})
    assert out["examples"][0] + out["examples"][1] == sorted(rows)
    assert stats["rows"]["examples"] == {
        "read": 11,
        "train": 6,
        "eval": 2,
        "no_time": 3,
        "no_id": 0,
    }


def test_no_time_at_all_is_refused_even_then(tmp_path):
    with pytest.raises(DataError, match="examples: 2 of 2 rows have no time"):
        run(by_time(bad_rows="skip"), tmp_path, {"examples": NO_TIME[:2]})


def timed(**changed) -> SplitRequest:
    return request(unit="time", feature={"name": "at", "type": "int"}, **changed)


def test_edges_go_where_their_entities_are(tmp_path):
    rows = {
        "examples": [item(n, at=n) for n in range(100)],
        "edges": [edge(n, n + 1) for n in range(99)] + [edge(500, 3), edge(99, 500)],
    }
    stats, out = run(timed(), tmp_path, rows, partitions=3)
    assert ids(out["examples"][0]) == list(range(75))
    assert ids(out["edges"][0], "left") == [*range(75), 500]
    assert ids(out["edges"][1], "left") == [*range(75, 100)]
    assert stats["edges"] == {"with_one_end": 2, "without_an_end": 0}


def test_edges_of_shared_entities_are_split_by_their_own_time(tmp_path):
    rows = {
        "examples": [item(n) for n in range(1000)],
        "other_examples": [item(n) for n in range(50)],
        "edges": [edge(n, n % 50, at=n // 2) for n in range(1000)],
    }
    stats, out = run(
        timed(**{**SHARED, "shared": ["user", "item"]}),
        tmp_path,
        rows,
        shards=3,
        partitions=4,
        held=9,
    )
    assert ids(out["edges"][0], "left") == list(range(750))
    assert len(out["examples"][0]) == pytest.approx(750, abs=60)
    assert len(out["other_examples"][0]) == pytest.approx(37, abs=12)
    assert "edges" not in stats


def test_of_two_types_the_one_that_is_not_shared_has_the_time(tmp_path):
    rows = {
        "examples": [item(n) for n in range(40)],
        "other_examples": [item(n, at=-n) for n in range(100)],
        "edges": [edge(n % 40, n) for n in range(100)],
    }
    _, out = run(timed(**SHARED), tmp_path, rows, partitions=2)
    assert ids(out["other_examples"][1]) == list(range(25))
    assert ids(out["edges"][1], "right") == list(range(25))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"unit": "component"}, "a `feature` with unit 'time', and only there"),
        ({"feature": None}, "a `feature` with unit 'time', and only there"),
        ({"feature": {"name": "at", "type": "bytes"}}, "a time must be of type int or float"),
        (
            {"entities": {"item": {"name": "id", "type": "float"}}},
            "ids must be of type bytes or int",
        ),
        ({"shared": ["item"]}, "no input has a time"),
        ({"shared": ["thing"]}, "must name types of `entities`"),
    ],
)
def test_requests_that_contradict_themselves(changed, message):
    with pytest.raises(ValueError, match=message):
        by_time(**changed)
