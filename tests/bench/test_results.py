"""What a benchmark writes, and what it refuses to write."""

import json
import math

import pytest

from bench.results import Result

FASTER = {"name": "speed", "unit": "s", "better": "lower", "goal": 1.5}


def test_ratio_is_against_the_best_peer_and_the_goal_bounds_it():
    result = Result.of(**FASTER, values=[3.0, 1.0, 2.0], peers={"a": [4.0], "b": [1.6]})
    assert (result.ours, result.peers, result.n) == (2.0, {"a": 4.0, "b": 1.6}, 3)
    assert result.ratio == pytest.approx(1.25)
    assert result.spread == pytest.approx(1.0)
    assert result.met
    slow = Result.of(**FASTER, values=[2.5], peers={"b": [1.6]})
    assert not slow.met


def test_higher_is_better_turns_peer_and_goal_around():
    result = Result.of("auc", "1", "higher", [0.9], {"a": [0.5], "b": [0.6]}, goal=1.4)
    assert result.ratio == pytest.approx(1.5)
    assert result.met


def test_the_file_has_the_keys_that_are_promised(tmp_path):
    Result.of(**FASTER, values=[2.0], peers={"b": [1.6]}).write(tmp_path)
    written = json.loads((tmp_path / "speed.json").read_text())
    assert written == {
        "name": "speed",
        "unit": "s",
        "better": "lower",
        "ours": 2.0,
        "peers": {"b": 1.6},
        "ratio": 1.25,
        "goal": 1.5,
        "spread": 0.0,
        "n": 1,
    }


@pytest.mark.parametrize(
    "wrong",
    [{"values": [math.nan]}, {"values": [math.inf]}, {"peers": {}}, {"name": "../speed"}],
)
def test_what_is_no_result_is_refused(wrong):
    with pytest.raises(ValueError, match="speed"):
        Result.of(**{**FASTER, "values": [1.0], "peers": {"b": [1.0]}, **wrong})
