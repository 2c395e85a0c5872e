import apache_beam as beam
import pytest

from components.entity_gen import component
from tests.common.coders import assert_no_pickle
from tests.entity_gen.test_entity_gen import resolve, row, write


@pytest.mark.parametrize("shares", [{"train": 3, "eval": 1}, {}])
def test_nothing_is_pickled_between_workers(tmp_path, shares):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.gz", [row(1)])
    node = component.EntityGen(str(tmp_path / "in" / "*.gz"), id_feature="id", **shares)
    executor = node.executor_spec.executor_class()
    pipeline = beam.Pipeline()
    splits = executor.GenerateExamplesByBeam(pipeline, resolve(node))
    # Files; rows of each split; faults, combined by key: before and after the shuffle.
    assert assert_no_pickle(pipeline) >= len(splits) + 2
