"""Whole runs through Beam: what no pure function can show alone."""

import hashlib
import json
import random
from collections import Counter

import pytest

from components.relation_gen import memory as budget
from relation.core.errors import DataError
from relation.names import prefixed
from tests.relation_gen.helpers import (
    IMAGE_SCHEMA,
    SCHEMA,
    as_dict,
    png,
    request,
    row,
    run,
    shards,
    tuples,
    write,
)
from tests.relations import compiled

ROWS = [row(id=b"item-%03d" % n, label=n % 7, x=[n / 3.0, 1.0]) for n in range(200)]
EVAL = [row(id=b"held-%03d" % n, label=n % 3, x=[n / 3.0, 1.0]) for n in range(30)]


def sha(output, split: str) -> str:
    records = sorted(record for shard in shards(output, split) for record in shard)
    digest = hashlib.sha256()
    for record in records:
        digest.update(len(record).to_bytes(8, "big") + record)
    return digest.hexdigest()


def files_of(rows, count: int, seed: int):
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    return [shuffled[start::count] for start in range(count)]


@pytest.mark.parametrize("kind", ["triplets", "pairs"])
def test_same_tuples_in_the_same_order_however_the_input_comes(tmp_path, monkeypatch, kind):
    memory = request().memory_mb * 2**20
    # So that there are several output shards:
    monkeypatch.setattr(budget, "OUTPUT_SHARD", memory // 40_000)
    asked = (
        request("triplets", triplets_per_anchor=3)
        if kind == "triplets"
        else request("pairs", positives_per_anchor=2, negatives_per_anchor=2)
    )
    expected = None
    for index, count in enumerate((1, 2, 8)):
        # Into how many parts the work is cut changes nothing either.
        monkeypatch.setattr(budget, "PARTITION", memory // [10**6, 500, 100][index])
        splits = {"train": files_of(ROWS, count, index), "eval": files_of(EVAL, count, index)}
        _, output = run(asked, tmp_path / str(count), splits)
        found = {split: shards(output, split) for split in ("train", "eval", "entities")}
        assert len(found["train"]) > 1
        assert expected is None or found == expected
        expected = found


def test_tuples_hold_all_of_their_members_and_no_more(tmp_path):
    ids = [b"", "😀\n".encode(), b"\x00", b"\xff\xfe", b"left_id", b"plain"]
    rows = [row(id=key or b"e", label=n % 2, x=[float(n)]) for n, key in enumerate(ids)]
    asked = request("pairs", positives_per_anchor=1, negatives_per_anchor=2)
    _, output = run(asked, tmp_path, {"train": [rows], "eval": [EVAL]})
    entities = {as_dict(serialized)["id"]: as_dict(serialized) for serialized in rows}
    found = tuples(output, "train")
    assert len(found) == len(rows) * 3
    for one in found:
        expected = {
            prefixed(role, name): value
            for role in ("left", "right")
            for name, value in entities[one[f"{role}_id"]].items()
        }
        related = one["left_label"] == one["right_label"]
        expected["relation"] = float(related)
        if not related:
            expected["negative_prob"] = pytest.approx(1 / 3)
        assert one == expected


def test_an_id_of_another_name_travels_under_both_names(tmp_path):
    schema = type(SCHEMA)()
    schema.CopyFrom(SCHEMA)
    schema.feature[0].name, schema.feature[0].type = "key", 2
    source = {"type": "same_label", "feature": "label"}
    asked = compiled({"item": "key"}, {"type": "triplets", "source": source}, {"item": schema})
    rows = [row(key=n - 5, label=n % 2) for n in range(10)]
    stats, output = run(asked, tmp_path, {"train": [rows]}, schema)
    assert stats["splits"]["train"]["tuples"] == 10
    for one in tuples(output, "train"):
        assert one["anchor_id"] == one["anchor_key"] in range(-5, 5)


def test_each_training_entity_is_once_in_entities(tmp_path):
    _, output = run(request(), tmp_path, {"train": [ROWS + ROWS[:5]], "eval": [EVAL]})
    found = tuples(output, "entities")
    assert sorted(one["anchor_id"] for one in found) == [b"item-%03d" % n for n in range(200)]
    assert all(set(one) == {"anchor_id", "anchor_label", "anchor_x"} for one in found)


def test_counts_are_exact_and_shortfalls_have_reasons(tmp_path):
    # Labels 0 × 3, 1 × 1, 2 × 2; see test_plan.
    labels = [0, 2, 0, 1, 2, 0]
    rows = [row(id=b"%d" % n, label=label) for n, label in enumerate(labels)]
    asked = request("pairs", positives_per_anchor=2, negatives_per_anchor=5)
    stats, output = run(asked, tmp_path, {"train": [rows]})
    assert stats["splits"]["train"] == {
        "rows_read": 6,
        "rows_used": 6,
        "rows_skipped": 0,
        "skipped": {},
        "labels": 3,
        "tuples_requested": 42,
        "tuples": 30,
        "positives": 8,
        "negatives": 22,
        "shortfall": {"no_positive": 2, "too_few_negatives": 8, "too_few_positives": 2},
    }
    assert json.loads((output / "relation_stats.json").read_text()) == stats
    assert Counter(one["relation"] for one in tuples(output, "train")) == {1.0: 8, 0.0: 22}


def test_a_class_with_one_member_gives_no_triplet_but_is_a_negative(tmp_path):
    rows = [row(id=b"%d" % n, label=label) for n, label in enumerate([0, 0, 1])]
    stats, output = run(request(), tmp_path, {"train": [rows]})
    assert stats["splits"]["train"]["shortfall"] == {"no_positive": 1}
    assert [one["negative_id"] for one in tuples(output, "train")] == [b"2", b"2"]


def test_rows_that_cannot_be_used_are_skipped_and_counted(tmp_path):
    good = [row(id=b"%d" % n, label=n % 2, image=png(n)) for n in range(8)]
    bad = [
        row(id=b"broken", label=1, image=png()[:-20]),
        row(id=b"no image", label=1),
        row(label=1, image=png()),
        row(id=b"typed", label=b"1", image=png()),
        good[0],
        row(id=b"1", label=0, image=png(5)),
    ]
    asked = request("triplets", "skip")
    stats, output = run(asked, tmp_path, {"train": [good + bad]}, IMAGE_SCHEMA)
    assert stats["splits"]["train"]["skipped"] == {
        "conflicting_id": 1,
        "duplicate_id": 1,
        "image_missing": 1,
        "image_undecodable": 1,
        "no_id": 1,
        "wrong_type": 1,
    }
    assert stats["splits"]["train"]["rows_skipped"] == 6
    assert stats["splits"]["train"]["rows_read"] == 14
    assert {one["anchor_id"] for one in tuples(output, "train")} == {b"%d" % n for n in range(8)}


def test_rows_that_cannot_be_used_stop_the_run_with_all_reasons(tmp_path):
    bad = [
        row(id=b"late", label=1, x=[float("nan")]),
        row(id=b"early", label=1, x=[float("nan")]),
        row(id=b"two", label=[1, 2]),
    ]
    with pytest.raises(DataError) as caught:
        run(request(), tmp_path, {"train": [ROWS + bad], "eval": [EVAL + bad[:1]]})
    assert str(caught.value) == (
        "some rows cannot be used: split 'eval': nan 1 (ids 'late'); split 'train': nan 2 "
        "(ids 'early', 'late'); split 'train': several_labels 1 (ids 'two'); fix them, or set "
        "data.bad_rows: skip in the recipe"
    )
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "rows", "message"),
    [
        (request(), [], "split 'eval': no row can be used (0 read); expected at least one"),
        (
            request("triplets", "skip"),
            [row(id=b"a"), row(label=1)],
            "split 'eval': no row can be used (2 read: no_id 1, no_label 1); expected at least one",
        ),
        (
            request(),
            [row(id=b"%d" % n, label=3) for n in range(4)],
            "split 'eval': feature 'label' has only the value '3'; negatives need at least two",
        ),
        (
            request(),
            [row(id=b"%d" % n, label=n) for n in range(4)],
            "split 'eval': no two of the 4 rows have the same value of feature 'label', so no "
            "tuple can be made; positives need two rows with the same value",
        ),
    ],
)
def test_data_without_tuples_is_refused(tmp_path, asked, rows, message):
    with pytest.raises(DataError) as caught:
        run(asked, tmp_path, {"train": [ROWS], "eval": [rows]})
    assert str(caught.value) == message
    assert list((tmp_path / "out").iterdir()) == []


def test_files_that_are_no_examples_are_named(tmp_path):
    with pytest.raises(
        DataError, match=r"/in/Split-train/0\.gz: holds a record that is not a tf\.Ex"
    ):
        run(request(), tmp_path / "1", {"train": [[*ROWS, b"no example"]]})
    write(tmp_path / "2" / "in" / "Split-train" / "a", ROWS, "").write_bytes(b"no tfrecord" * 9)
    with pytest.raises(
        DataError, match=r"/in/Split-train/a: record 1: corrupted; is it a TFRecord file\?$"
    ):
        run(request(), tmp_path / "2", {"train": [ROWS]})


def test_splits_must_have_train_and_not_entities(tmp_path):
    with pytest.raises(
        DataError, match="splits: got test; expected 'train' among them, and not 'entities'"
    ):
        run(request(), tmp_path / "1", {"test": [ROWS]})


def test_another_seed_makes_other_tuples(tmp_path):
    one = request()
    other = one.model_copy(update={"seed": 8})
    _, first = run(one, tmp_path / "1", {"train": [ROWS]})
    _, second = run(other, tmp_path / "2", {"train": [ROWS]})
    assert sha(first, "train") != sha(second, "train")
    assert sha(first, "entities") == sha(second, "entities")
