"""What must be beaten where nearness says nothing of a relation, from files to what is found."""

import io

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.common.evaluation.corpus_results import MODEL
from components.corpus_evaluator.embeddings.encode import EncodeEntities, EntityPlan
from components.corpus_evaluator.embeddings.raw_features import RawFeatureLayout
from components.corpus_evaluator.request import CorpusRequest
from components.corpus_evaluator.run import Files, evaluate
from demo_data.rows import example
from relation.schema import Feature, FeatureKind
from tests.common.coders import CheckedPipeline, assert_no_pickle
from tests.relations import compiled


def model(folder, entities):
    """A model that embeds all of some types alike."""

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def embed(self, examples):
            return {"embedding": tf.ones([tf.shape(examples)[0], 2])}

    made = Model()
    signatures = {f"embed_{entity}": made.embed for entity in entities}
    tf.saved_model.save(made, str(folder), signatures=signatures)
    return str(folder)


def written(path, examples):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for found in examples:
            writer.write(found.SerializeToString())
    return [str(path)]


@pytest.fixture
def measured(tmp_path):
    """measured(request, tuples by split) -> what needs no training; tuples hold all entities."""

    def run(request, tuples):
        paths = {split: written(tmp_path / split, found) for split, found in tuples.items()}
        sizes = {path: 1 for found in paths.values() for path in found}
        found, arrays = evaluate(
            request,
            Files({}, paths, {}, sizes),
            {MODEL: model(tmp_path / "model", request.compiled.tuples.entities)},
            str(tmp_path / "scratch"),
            str(tmp_path / "local"),
            CheckedPipeline,
        )
        assert arrays == {}
        assert found["question"] is None
        return found["tuples"]

    return run


NUMBERS = Feature(name="x", kind=FeatureKind.NUMERIC, dtype="float", width=2)
WORDS = Feature(name="text", kind=FeatureKind.TEXT, dtype="bytes", width=1)


@pytest.mark.parametrize("others", [{}, {"query": (WORDS,)}], ids=["no query", "nothing in common"])
def test_documents_are_ranked_by_one_raw_feature(measured, others):
    source = {"type": "graded_group", "group": "group", "grade": "grade"}
    request = CorpusRequest(
        compiled=compiled(
            {"document": "id"} | dict.fromkeys(others, "group"),
            {"type": "ranked_pairs", "source": source | {name: name for name in others}},
        ),
        features={"document": (NUMBERS,)} | others,
        schemas={},
        similarity=None,
        references="eval",
        slices=(),
    )

    def pair(number, preferred, other):
        return example(
            {
                "preferred_id": b"%d-a" % number,
                "preferred_x": [float(x) for x in preferred],
                "other_id": b"%d-b" % number,
                "other_x": [float(x) for x in other],
                "query_id": b"q%d" % number,
                "query_text": "anything",
                "relation": 1.0,
            }
        )

    # The lower second number is better in all of training, the higher first one in half of it.
    train = [pair(0, (1, 2), (0, 4)), pair(1, (0, 5), (1, 6))]
    held_out = [pair(2, (0, 2), (0, 3)), pair(3, (1, 9), (0, 1)), pair(4, (0, 7), (9, 8))]

    assert measured(request, {"train": train, "eval": held_out}) == {
        "metric": "triplet_accuracy",
        "value": pytest.approx(2 / 3),
        "by": "the best raw feature",
        "bound": "above",
    }


def test_label_images_are_told_from_those_of_training(measured):
    relation = {
        "type": "rows",
        "source": {"type": "row", "rows": "pairs"},
        "roles": {"image": "photo", "target": "mask"},
        "label_kind": "image",
    }
    feature = Feature(name="image", kind=FeatureKind.IMAGE, dtype="bytes", width=1)
    request = CorpusRequest(
        compiled=compiled({"photo": "id", "mask": "id"}, relation, edges={"pairs": {}}),
        features={"photo": (feature,), "mask": (feature,)},
        schemas={},
        similarity=None,
        references="eval",
        slices=(),
        image=(1, 2, 1),
    )

    def png(pixels):
        buffer = io.BytesIO()
        Image.fromarray(np.array([pixels], np.uint8)).save(buffer, "PNG")
        return buffer.getvalue()

    def pair(number, photo, mask):
        return example(
            {
                "image_id": b"p%d" % number,
                "image_image": png(photo),
                "target_id": b"m%d" % number,
                "target_image": png(mask),
            }
        )

    # A bright pixel is on, but for one of four.
    train = [pair(0, (10, 90), (0, 255)), pair(1, (90, 10), (255, 0))]
    train += [pair(2, (90, 90), (255, 0))]
    held_out = [pair(3, (90, 10), (255, 0))]

    assert measured(request, {"train": train, "eval": held_out}) == {
        "metric": "mse",
        "value": pytest.approx(0.25**2 / 2),
        "by": "brightness of the input",
        "bound": "below",
    }


def test_encoding_pickles_nothing_between_workers(tmp_path):
    plan = EntityPlan(
        "item", "id", None, (), None, RawFeatureLayout(()), (), {}, str(tmp_path), shards=2
    )
    pipeline = beam.Pipeline()
    _ = pipeline | beam.Create(["a"]) | EncodeEntities(plan)
    assert assert_no_pickle(pipeline) == 1
