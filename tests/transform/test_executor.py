"""Batches of Transform follow from the rows, not from the clock."""

import pytest
from absl import flags
from tfx.components.transform import executor as base
from tfx_bsl.coders.batch_util import GetBatchElementsKwargs

from components.transform.component import Transform
from components.transform.executor import FLAG, Executor


@pytest.mark.parametrize("fails", [False, True])
def test_batches_are_cut_by_size_while_the_node_runs(fails, monkeypatch):
    batching = []

    def do(self, *arguments):
        batching.append((arguments, GetBatchElementsKwargs(None)))
        if fails:
            raise ValueError("odd row")

    monkeypatch.setattr(base.Executor, "Do", do)
    before = GetBatchElementsKwargs(None)
    try:
        Executor().Do({}, {"a": []}, {"b": 1})
    except ValueError:
        assert fails
    [(arguments, kwargs)] = batching
    assert arguments == ({}, {"a": []}, {"b": 1})
    # Beam adapts the size between these bounds.
    assert kwargs["min_batch_size"] == kwargs["max_batch_size"] == 20 * 2**20
    assert [kwargs["element_size_fn"](bytes(size)) for size in (1, 9999)] == [2560, 9999]
    assert "target_batch_duration_secs" in before
    assert GetBatchElementsKwargs(None) == before
    assert flags.FLAGS[FLAG].value is False


def test_the_node_runs_this_executor():
    assert Transform.EXECUTOR_SPEC.executor_class is Executor
