"""Points of the projector: the first member of each type, with its texts and its image."""

from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from demo_data.rows import example
from relation.schema import Feature, FeatureKind
from relation.spec import triplets
from trainer_module.training.training_run import TrainingRun

PHOTO = Feature(name="photo", kind=FeatureKind.IMAGE, dtype="bytes", width=1)
X = Feature(name="x", kind=FeatureKind.NUMERIC, dtype="float", width=1)
TEXT, NUMBER = tf.io.FixedLenFeature([1], tf.string), tf.io.FixedLenFeature([1], tf.float32)


def run_of(folder, features, rank=2):
    """A run with two validation tuples, whose model embeds x as (x, 2x) or as an image."""
    relation = triplets("item", "item")
    roles = [role.name for role in relation.roles]
    rows = [
        {
            **{f"{role}_x": float(10 * n + place) for place, role in enumerate(roles)},
            **{f"{role}_photo": f"{role}{n}" for role in roles},
            **{f"TEXT_{role}_id": f"größe {role}{n}" for role in roles},
            "TEXT_anchor_kind": b"\xff",
        }
        for n in range(2)
    ]
    path = str(folder / "eval.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for row in rows:
            writer.write(example(row).SerializeToString())
    run = object.__new__(TrainingRun)
    run._request = SimpleNamespace(
        preprocessing=SimpleNamespace(
            relation=relation, shown=("anchor_id", "positive_id", "anchor_kind")
        )
    )
    run._validation = [path]
    run._spec = {f"{role}_x": NUMBER for role in roles} | {f"{role}_photo": TEXT for role in roles}
    run._spec |= {f"TEXT_{name}": TEXT for name in run._request.preprocessing.shown}
    run.features = {"item": features}
    run.names = {"item": tuple(feature.name for feature in features)}
    lengths = {"photo": lambda value: tf.strings.length(value)[:, :, None, None]}
    run._decoders = {
        "item": lambda batch: {n: lengths.get(n, tf.identity)(v) for n, v in batch.items()}
    }

    def embedded(decoded, roles):
        vectors = {
            role: tf.concat([decoded[f"{role}_x"], 2 * decoded[f"{role}_x"]], 1) for role in roles
        }
        return {r: v if rank == 2 else v[:, :, None] for r, v in vectors.items()}

    task = SimpleNamespace(roles=lambda: ("anchor", "positive", "negative"))
    return run, SimpleNamespace(task=task, embed_roles=embedded)


def test_the_first_member_of_a_type_with_its_texts_and_image(tmp_path):
    run, model = run_of(tmp_path, (X, PHOTO))
    [(entity, points)] = run.points(model).items()
    assert entity == "item"
    assert points.embeddings.tolist() == [[0.0, 0.0], [10.0, 20.0]]
    assert points.columns == {"id": ["größe anchor0", "größe anchor1"], "kind": ["\ufffd"] * 2}
    # The decoder of this test gives the length of the name: "anchor0" has seven letters.
    assert np.asarray(points.images).tolist() == [[[[7]]], [[[7]]]]


def test_without_an_image_there_is_none(tmp_path):
    run, model = run_of(tmp_path, (X,))
    assert run.points(model)["item"].images is None


def test_a_type_whose_tower_gives_no_vector_is_left_out(tmp_path):
    run, model = run_of(tmp_path, (X,), rank=3)
    assert run.points(model) == {}
