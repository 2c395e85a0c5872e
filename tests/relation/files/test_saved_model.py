"""Signatures are called on batches; decision thresholds lie beside the graph."""

import numpy as np
import pytest
import tensorflow as tf

from relation.files.saved_model import BATCH, Signatures, read_decision, write_decision


class Lengths(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def __call__(self, examples):
        tf.debugging.assert_less_equal(tf.size(examples), BATCH)
        return {"length": tf.cast(tf.strings.length(examples), tf.float32)}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder, module = tmp_path_factory.mktemp("m") / "[1]*", Lengths()
    plain = folder.with_name("plain")
    tf.saved_model.save(module, str(plain), signatures={"length": module.__call__})
    plain.rename(folder)
    return str(folder)


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH + 1])
def test_answers_keep_the_order_of_examples_beyond_a_batch(model, count):
    answers = Signatures(model).answer("length", "length", [b"x" * n for n in range(count)])
    np.testing.assert_array_equal(answers, np.arange(count))


def test_a_model_names_its_signatures_and_their_shapes(model):
    signatures = Signatures(model)
    assert "length" in signatures
    assert "score" not in signatures
    assert signatures.names() == ["length"]
    assert signatures.shape("length", "length") == (None,)


def test_a_model_without_decision_has_none(tmp_path):
    assert read_decision(str(tmp_path)) == {}
    decision = {"f1": {"score": 0.5, "reached": 0.75}}
    write_decision(decision, str(tmp_path))
    assert read_decision(str(tmp_path)) == decision
