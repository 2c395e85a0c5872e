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

    actual = measured(request, {"train": train, "eval": held_out})
    assert actual["candidates"][0] == {
        "by": "x[1] of document",
        "train": 1.0,
        "value": pytest.approx(2 / 3),
    }
    assert actual == {
        "metric": "triplet_accuracy",
        "value": pytest.approx(2 / 3),
        "by": "x[1] of document",
        "bound": "above",
        "candidates": actual["candidates"],
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
        "candidates": [
            # In training: 3 pixels of 4 bright ones are on, and both dark ones are off.
            {
                "by": "brightness of the input",
                "train": pytest.approx(4 * 0.75 * 0.25 / 6),
                "value": pytest.approx(0.25**2 / 2),
            },
            {
                "by": "the mean label image",
                "train": pytest.approx(2 / 3 * 1 / 3),
                "value": pytest.approx((1 / 3) ** 2),
            },
        ],
    }


def test_encoding_pickles_nothing_between_workers(tmp_path):
    plan = EntityPlan(
        "item", "id", None, (), None, RawFeatureLayout(()), (), {}, str(tmp_path), shards=2
    )
    pipeline = beam.Pipeline()
    _ = pipeline | beam.Create(["a"]) | EncodeEntities(plan)
    assert assert_no_pickle(pipeline) == 1


def test_rules_see_the_features_of_each_type_and_what_types_share(measured):
    """A user's age and an item's kind tell the class; both types have words, which tell nothing."""
    age = Feature(name="age", kind=FeatureKind.NUMERIC, dtype="int", width=1)
    kind = Feature(name="kind", kind=FeatureKind.CATEGORICAL, dtype="bytes", width=1)
    relation = {
        "type": "rows",
        "source": {"type": "row", "rows": "visits"},
        "roles": {"who": "user", "what": "item"},
        "label_kind": "scalar",
        "label": "score",
    }
    request = CorpusRequest(
        compiled=compiled({"user": "id", "item": "id"}, relation, edges={"visits": {}}),
        features={"user": (age, WORDS), "item": (kind, WORDS)},
        schemas={},
        similarity=None,
        references="eval",
        slices=(),
    )
    random = np.random.default_rng(0)

    def visits(first, count):
        for number in range(first, first + count):
            years, sort = int(random.integers(20, 80)), bytes(random.choice([b"a", b"b", b"c"]))
            yield example(
                {
                    "who_id": b"u%d" % number,
                    "who_age": years,
                    "who_text": bytes(random.choice([b"one two", b"zebra two", b"three"])),
                    "what_id": b"i%d" % number,
                    "what_kind": sort,
                    "what_text": bytes(random.choice([b"one", b"two three", b"three"])),
                    "relation": float(years + 25 * (sort == b"b")),
                }
            )

    actual = measured(request, {"train": visits(0, 300), "eval": visits(300, 100)})
    values = {each["by"]: each["value"] for each in actual["candidates"]}
    ordered = [by for by in values if by in ("age of who", "the mean label by kind of what")]
    assert actual["metric"] == "r2"
    assert len(ordered) == 2
    assert min(values[by] for by in ordered) > 0.2
    assert values["raw features, by intervals"] < 0.1
