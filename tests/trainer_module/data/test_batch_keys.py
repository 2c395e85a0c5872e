"""Keys through Transform: hashes of ids and groups, equal where the values are."""

import tensorflow as tf

from tests.relations import compiled
from trainer_module.data.batch_keys import Keys, hashed
from trainer_module.preprocessing.transform import preprocessing_fn
from trainer_module.request import KEY, PreprocessingRequest


def test_ids_and_groups_are_hashed_alike_in_every_role_and_list():
    relation = {"type": "triplets", "source": {"type": "same_label", "feature": "brand"}}
    keys = Keys(group="brand", known_positives=True)
    request = PreprocessingRequest(
        compiled=compiled({"item": "sku"}, relation), features={"item": ()}, keys=keys
    )
    rows = {
        "anchor_id": [[1], [2]],
        "positive_id": [[2], [3]],
        "negative_id": [[4], [1]],
        "anchor_brand": [["a"], ["b"]],
        "positive_brand": [["a"], ["b"]],
        "negative_brand": [["b"], ["c"]],
        "positive_ids": [[2, 3], [3, 5]],
    }
    inputs = {name: tf.sparse.from_dense(values) for name, values in rows.items()}
    inputs["negative_prob"] = tf.sparse.from_dense([[0.5], [0.5]])
    outputs = preprocessing_fn(inputs, {KEY: request.model_dump_json()})
    actual = {
        name.removeprefix("KEY_"): tf.sparse.to_dense(value).numpy().tolist()
        for name, value in outputs.items()
        if name != "negative_prob"
    }
    assert set(actual) == set(rows) == set(keys.names(request.relation))
    pairs = [
        (value, key)
        for name in rows
        for values, keyed in zip(rows[name], actual[name], strict=True)
        for value, key in zip(values, keyed, strict=True)
    ]
    assert len(dict(pairs)) == len({key for _, key in pairs}) == len(set(pairs)) == 8
    assert all(key >= 0 for _, key in pairs)
    assert all(outputs[hashed(name)].dtype == tf.int64 for name in rows)


def test_no_key_travels_unless_it_is_asked_for():
    assert PreprocessingRequest.model_fields["keys"].default is None
