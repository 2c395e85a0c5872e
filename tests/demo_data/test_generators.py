"""Every generator of a shipped recipe gives the same rows each time, and they fit its schema."""

import hashlib
import importlib

import pytest
import tensorflow_data_validation as tfdv
import yaml
from tensorflow_data_validation.statistics import stats_impl
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from relation.load import PROJECT, RECIPES
from relation.schema import read_schema


def _shipped():
    """Map each generator of the shipped recipes to the schema of its rows."""
    schemas = {}
    for path in RECIPES.glob("*.yaml"):
        data = yaml.safe_load(path.read_text())["data"]
        for part in [*data["entities"].values(), *data.get("edges", {}).values()]:
            if "generator" in part:
                schemas.setdefault(part["generator"], set()).add(part["schema"])
    return schemas


SHIPPED = sorted((generator, *schemas) for generator, schemas in _shipped().items())


@pytest.fixture(params=SHIPPED, ids=lambda case: case[0])
def case(request):
    generator, schema = request.param  # One schema only, whichever recipe uses the rows.
    return generator, read_schema(PROJECT / schema)


def test_the_same_rows_each_time(case, records, tmp_path):
    generator, _ = case
    folders = [tmp_path / "1", tmp_path / "2"]
    for folder in folders:
        folder.mkdir()
        importlib.import_module(generator).write(folder)
    digests = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in folders
    ]
    assert digests[0] == digests[1]
    assert 150 <= len(records(generator)) <= 10_000


def test_rows_are_as_the_schema_says(case, records):
    generator, schema = case
    batch = ExamplesToRecordBatchDecoder().DecodeBatch(records(generator))
    assert {field.name for field in batch.schema} == {feature.name for feature in schema.feature}
    statistics = stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions(schema=schema))
    anomalies = tfdv.validate_statistics(statistics, schema)
    assert not anomalies.anomaly_info, anomalies


def test_a_schema_holds_no_value_that_never_occurs(case, rows):
    """A vocabulary with words that no row has is out of date."""
    generator, schema = case
    for feature in schema.feature:
        if feature.HasField("string_domain"):
            seen = {value for row in rows(generator) for value in row.get(feature.name, [])}
            assert seen == set(feature.string_domain.value), feature.name
