"""The rows of each generator, generated once in a session."""

import importlib

import pytest
import tensorflow as tf


def records_of(folder):
    """Yield serialized tf.Examples, file by file."""
    paths = sorted(str(path) for path in folder.iterdir())
    return list(tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator())


@pytest.fixture(scope="session")
def records(tmp_path_factory):
    """The records of a generator, by its dotted path."""
    records = {}

    def get(generator):
        if generator not in records:
            folder = tmp_path_factory.mktemp("rows")
            importlib.import_module(generator).write(folder)
            records[generator] = records_of(folder)
        return records[generator]

    return get


@pytest.fixture(scope="session")
def rows(records):
    """The rows of a generator: lists of values by feature, text decoded."""

    def values(feature):
        values = getattr(feature, feature.WhichOneof("kind")).value
        return [_text(value) if isinstance(value, bytes) else value for value in values]

    def get(generator):
        examples = (tf.train.Example.FromString(record) for record in records(generator))
        return [
            {name: values(feature) for name, feature in example.features.feature.items()}
            for example in examples
        ]

    return get


def _text(value):
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value  # An image.
