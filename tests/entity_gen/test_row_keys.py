"""Valid and invalid ids of rows."""

import pytest
import tensorflow as tf

from components.entity_gen.row_keys import key_fault


def example(name, **values):
    feature = tf.train.Feature()
    for kind, value in values.items():
        getattr(feature, kind).value.extend(value)
    return tf.train.Example(features=tf.train.Features(feature={name: feature}))


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (example("id", bytes_list=[b"a"]), None),
        (example("id", int64_list=[0]), None),
        (example("other", bytes_list=[b"a"]), "has no id feature 'id'"),
        (tf.train.Example(), "has no id feature 'id'"),
        (example("id"), "has 0 values in its id feature 'id'; expected one"),
        (example("id", bytes_list=[]), "has 0 values in its id feature 'id'; expected one"),
        (
            example("id", int64_list=[1, 2]),
            "has 2 values in its id feature 'id'; expected one",
        ),
        (example("id", bytes_list=[b""]), "has an empty id feature 'id'"),
        (
            example("id", float_list=[1.0]),
            "has an id feature 'id' of type float; expected bytes or integer",
        ),
    ],
)
def test_id_fault(row, fault):
    before = row.SerializeToString()
    assert key_fault(row, "id") == fault
    assert row.SerializeToString() == before
