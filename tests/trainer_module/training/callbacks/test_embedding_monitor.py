"""The embedding monitor."""

from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from relation.spec import pairs
from trainer_module.training.callbacks.embedding_monitor import EmbeddingMonitor


def _batch(words: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(words)
    inputs = {"left": rng.normal(size=(2, words, 4)), "right": rng.normal(size=(2, 4))}
    return inputs, np.ones((2, 1))


def test_entities_of_several_vectors_are_left_out_also_where_batches_differ_in_width(tmp_path):
    task = SimpleNamespace(
        roles=lambda: ("left", "right"),
        compares=False,
        outputs=lambda head, embeddings: tf.reduce_sum(embeddings["left"], [1, 2])[:, None],
    )
    model = SimpleNamespace(
        relation=pairs("text", "image"),
        task=task,
        head=None,
        embed_roles=lambda inputs, roles: {role: inputs[role] for role in roles},
    )
    monitor = EmbeddingMonitor([_batch(3), _batch(5)], str(tmp_path))
    monitor.set_model(model)
    monitor.on_epoch_end(0)
    assert list(monitor.dispersion) == ["image"]
