"""The sample: whole anchors, bounded, and dependent on ids and the seed alone."""

import random

import pytest
import tensorflow as tf

from components.report.collect.tuple_sample import Member, sample
from tests.report.helpers import record_of, request_of


@pytest.fixture(scope="module")
def digits():
    loaded, request = request_of("digits_triplets")
    return request, [record_of(loaded, request, n) for n in range(60)]  # Of 20 anchors, 3 each.


def anchors(drawn):
    anchors = [t.members["anchor"].id for t in drawn.tuples]
    return {anchor: anchors.count(anchor) for anchor in anchors}


def test_all_of_a_small_split(digits):
    request, records = digits
    drawn = sample(records, request)
    assert drawn.whole
    assert sorted(t.record for t in drawn.tuples) == sorted(records)


@pytest.mark.parametrize(("members", "count"), [(27, 3), (28, 3), (30, 4), (1, 1)])
def test_anchors_come_with_all_of_their_tuples(digits, members, count):
    request, records = digits
    drawn = sample(records, request, members)
    assert not drawn.whole
    assert list(anchors(drawn).values()) == [3] * count


def test_the_order_of_the_files_is_of_no_matter(digits):
    request, records = digits
    shuffled = records.copy()
    random.Random(3).shuffle(shuffled)
    assert sample(shuffled, request, 60) == sample(records, request, 60)


def test_more_members_are_the_same_and_more(digits):
    request, records = digits
    few, many = (set(anchors(sample(records, request, n))) for n in (27, 90))
    assert few < many


def test_another_seed_draws_others(digits):
    request, records = digits
    changed = request.compiled.model_copy(update={"seed": 7})
    other = request.model_copy(update={"compiled": changed})
    assert set(anchors(sample(records, request, 27))) != set(anchors(sample(records, other, 27)))


def test_members_are_entities_as_the_model_takes_them(digits):
    request, records = digits
    [actual] = sample(records[4:5], request).tuples
    assert set(actual.members) == {"anchor", "positive", "negative"}
    anchor = actual.members["anchor"]
    assert anchor.entity == "item"
    assert anchor.features["id"] == (anchor.id,)
    assert set(anchor.features) == {"id", "image", "label"}
    example = tf.train.Example.FromString(anchor.serialized())
    assert example.features.feature["label"].int64_list.value == [anchor.features["label"][0]]
    assert example.features.feature["id"].bytes_list.value == [anchor.id]


def test_the_query_is_the_anchor_of_a_ranking():
    loaded, request = request_of("search_ranking")
    records = [record_of(loaded, request, n) for n in range(30)]
    drawn = sample(records, request, 9)
    assert len(drawn.tuples) == 3
    assert len({t.members["query"].id for t in drawn.tuples}) == 1


def test_an_id_feature_of_another_name_is_filled_in():
    loaded, request = request_of("search_ranking")
    [actual] = sample([record_of(loaded, request, 0)], request).tuples
    query = actual.members["query"]
    assert query == Member("query", query.id, {**query.features, "query_id": (query.id,)})
    assert "id" not in query.features
