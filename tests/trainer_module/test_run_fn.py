"""What the Trainer leaves: a model, its history, what TensorBoard shows."""

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorboard.plugins.projector import projector_config_pb2

from tests.trainer_module import small_run
from trainer_module.build_request import training_request
from trainer_module.run_fn import run_fn
from trainer_module.training.history import read_history


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("job")
    files = small_run.transformed(folder)
    request = training_request(small_run.recipe(folder))
    run_fn(small_run.arguments(files, request, folder))
    return folder


def test_the_spread_of_embeddings_is_in_the_history(trained):
    history = read_history(str(trained / "run"))
    assert history.epochs == 2
    assert [1 < rank <= 4 for rank in history.effective_rank["item"]] == [True] * 2
    assert [0 < distance < 2 for distance in history.mean_distance["item"]] == [True] * 2


def test_summaries_of_validation_tuples(trained):
    found = {}
    for path in (trained / "run" / "validation").iterdir():
        for record in tf.data.TFRecordDataset(str(path)):
            for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
                found.setdefault(value.tag, []).append(tf.make_ndarray(value.tensor))
    assert {tag: len(found[tag]) for tag in found if "/" in tag} == dict.fromkeys(
        [
            "effective_rank/item",
            "mean_distance/item",
            "mean_length/item",
            "relatedness/related",
            "relatedness/unrelated",
        ],
        2,
    )
    # Rows of a histogram are left, right, count: 40 validation triplets.
    for name in ("related", "unrelated"):
        assert [rows[:, 2].sum() for rows in found[f"relatedness/{name}"]] == [40, 40]


def test_the_projector_shows_the_first_member_of_validation_tuples(trained):
    text = (trained / "run" / "projector_config.pbtxt").read_text()
    config = text_format.Parse(text, projector_config_pb2.ProjectorConfig())
    (points,) = config.embeddings
    assert (points.tensor_name, list(points.tensor_shape)) == ("item", [40, 4])
    assert not points.HasField("sprite")
    embeddings = np.loadtxt(trained / "run" / points.tensor_path, delimiter="\t")
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), np.ones(40), atol=1e-4)
    labels = (trained / "run" / points.metadata_path).read_text().splitlines()
    assert labels[0] == "id\tkind"
    assert len(labels) == 41
    assert [line.split("\t")[0] for line in labels[1:4]] == ["0", "3", "6"]
    assert {line.split("\t")[1] for line in labels[1:]} == {"0", "1"}


def test_the_model_serves(trained):
    model = tf.saved_model.load(str(trained / "serving"))
    values = {"x": tf.train.Feature(float_list=tf.train.FloatList(value=[1, 2, 3]))}
    example = tf.train.Example(features=tf.train.Features(feature=values)).SerializeToString()
    embedding = model.signatures["embed_item"](tf.constant([example]))["embedding"]
    assert embedding.shape == (1, 4)
