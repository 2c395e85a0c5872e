"""Batches of entities: edges to their own labels, groups, and what several splits have."""

import numpy as np
import pytest

from components.common import example_wire, hashing
from components.common.columns import Strings
from components.relation_gen.batches import Contents, Entities, Tuples
from components.relation_gen.context import Context
from components.relation_gen.shuffle_keys import ShuffleKey
from components.relation_gen.stats import counters
from components.relation_gen.transforms.deduplicate import (
    Deduplicate,
    equal_contents,
    group_labels,
    ids_in_several_splits,
    own_label_edges,
    positives_of_tuples,
)
from tests.relation_gen.helpers import row
from tests.relation_gen.helpers_cases import recipe, schema


def entities(rows=(), names=(), *, key=(), split=(), group=(), numbers=()):
    return Entities(
        np.array(key, np.uint64),
        np.array(split, np.uint8),
        np.array(group, np.uint64),
        np.array([100 + one for one in group], np.uint64),
        np.array(numbers, np.float64),
        Strings.of([example_wire.payload(example_wire.features_of(one), names) for one in rows]),
    )


def context(tmp_path, weight):
    loaded = recipe(
        tmp_path,
        "{type: pairs, source: {type: labels, feature: tags}, sampling: "
        f"{{positives_per_anchor: all, negatives_per_anchor: 4{weight}}}}}",
        {
            "scene": schema(id=bytes, tags=(["red", "blue", "big"], 3), x=float),
            "tag": (schema(tag=bytes), "id: tag"),
        },
        data="split: {shared: [tag]}",
        read=["scene"],
    )
    return Context.of(
        loaded.compiled, loaded.schemas, [], ["train", "eval"], [1, 1], "/nowhere", None
    )


def of_scenes(made):
    rows = [
        row(id=b"a", tags=[b"red", b"", b"blue", b"red"], x=0.5),
        row(id=b"b", x=2.0),
        row(id=b"c", tags=[b"blue"], x=3.0),
    ]
    spec = made.entities["scene"]
    return spec, entities(
        rows,
        spec.rows.encoded_names,
        key=[5, 6, 7],
        split=[1, 0, 2],
        group=[10, 11, 12],
        numbers=[0.5, 2.0, 3.0] if spec.rows.numbers else [],
    )


def test_each_label_of_an_entity_is_an_edge_once(tmp_path):
    made = context(tmp_path, "")
    edges = own_label_edges(made, *of_scenes(made))
    blue, red = hashing.hash_values([b"blue", b"red"], integers=False).tolist()
    assert edges.source.tolist() == [5, 5, 7]
    assert edges.destination.tolist() == [blue, red, blue]
    assert list(edges.destination_id) == [b"blue", b"red", b"blue"]
    assert list(edges.source_id) == [b""] * 3
    assert edges.split.tolist() == [1, 1, 2]
    assert edges.group.tolist() == [10, 10, 12]
    assert edges.value.tolist() == [1.0] * 3
    assert edges.positive.tolist() == [1] * 3
    for nothing in ("weight", "shard", "position", "weight_offset", "destination_weight"):
        assert len(getattr(edges, nothing)) == 0


def test_an_edge_to_a_label_weighs_what_its_entity_does(tmp_path):
    made = context(tmp_path, ", weight: x")
    assert own_label_edges(made, *of_scenes(made)).weight.tolist() == [0.5, 0.5, 3.0]


def test_ids_of_several_splits_are_shown_once():
    several = entities(
        key=[9, 4, 9, 4, 9, 8, 8], split=[0, 1, 1, 1, 2, 0, 0], group=[0] * 7
    )  # 4 and 8 are twice in one split
    assert several.key[ids_in_several_splits(several)].tolist() == [9]


def test_of_many_ids_in_several_splits_the_first_300_by_key_are_looked_at(tmp_path):
    loaded = recipe(
        tmp_path,
        "{type: triplets, source: {type: same_label, feature: kind}}",
        {"item": schema(id=bytes, kind=bytes)},
    )
    made = Context.of(
        loaded.compiled, loaded.schemas, [], ["train", "eval"], [1, 1], str(tmp_path / "out"), None
    )
    (tmp_path / "out").mkdir()
    names = made.entities["item"].rows.encoded_names
    rows = [row(id=b"%d" % (900 - key), kind=b"a") for key in range(301)]
    both = entities(
        rows * 2, names, key=[*range(301)] * 2, split=[0] * 301 + [1] * 301, group=[5] * 602
    )
    with made.store.writer() as out:
        element = ShuffleKey("item", "", 0), [out.add(both)]
    outputs = [
        one for one in Deduplicate(made).process(element) if getattr(one, "tag", "") == counters.TAG
    ]
    counts = dict(one.value for one in outputs)
    shown = counts[counters.ANY, "item", counters.OVERLAP]
    assert (shown.count, shown.examples) == (301, (b"601", b"602", b"603"))
    for split in ("train", "eval"):
        assert counts[split, "item", counters.ENTITIES].count == 301
        assert counts[split, "item", counters.USED].count == 301
        assert (split, "item", counters.SKIPPED + "duplicate_id") not in counts


def test_contents_under_different_ids_in_different_splits():
    def count(*rows):
        content, split, key = (np.array(column) for column in zip(*rows, strict=True))
        return equal_contents(
            Contents(content.astype(np.uint64), split.astype(np.uint8), key.astype(np.uint64))
        )

    assert count((7, 0, 1), (7, 1, 2), (7, 2, 3)) == 1  # one content, three times
    assert count((7, 0, 1), (7, 0, 2)) == 0  # one split
    assert count((7, 0, 1), (7, 1, 1)) == 0  # one id
    assert count((7, 0, 1), (8, 1, 2)) == 0  # two contents
    assert count((7, 0, 1), (7, 1, 2), (8, 0, 3), (8, 1, 4)) == 2


def test_the_labels_of_groups(tmp_path):
    loaded = recipe(
        tmp_path,
        "{type: triplets, source: {type: same_label, feature: kind}}",
        {"item": schema(id=bytes, kind=bytes)},
    )
    made = Context.of(loaded.compiled, loaded.schemas, [], ["train"], [1], "/nowhere", None)
    spec = made.entities["item"]
    rows = [row(id=b"1", kind=b"cat"), row(id=b"2", kind=b"ox"), row(id=b"3", kind=b"cat")]
    several = entities(rows, spec.rows.encoded_names, key=[1, 2, 3], split=[0] * 3, group=[8, 5, 8])
    labels = group_labels(spec, several)
    assert labels.group.tolist() == [5, 8]
    assert labels.negatives_group.tolist() == [105, 108]
    assert [label[-2:] for label in labels.labels] == [b"ox", b"at"]


@pytest.mark.parametrize(
    ("label", "values", "related"),
    [("", [1.0, 0.0, 0.5], [0]), (", label_kind: scalar", [0.0, -3.0, 0.5], [0, 1, 2])],
)
def test_positives_are_tuples_whose_binary_label_says_so(tmp_path, label, values, related):
    loaded = recipe(
        tmp_path,
        f"{{type: rows, source: {{type: row, rows: pair}}, roles: {{left: i, right: i}}{label}, "
        "label: y}",
        {"i": schema(id=bytes)},
        {"pair": (schema(left_id=bytes, right_id=bytes, y=float), "")},
        read=[],
    )
    tuples = Tuples(
        np.array([1, 2, 3], np.uint64),
        np.zeros(3, np.uint8),
        np.array([10, 11, 20, 21, 30, 31], np.uint64),
        np.array(values, np.float32),
        Strings.of([b"b", b"d", b"f"]),
    )
    edges = positives_of_tuples(tuples, loaded.compiled)
    assert edges.source.tolist() == [[10, 20, 30][n] for n in related]
    assert edges.destination.tolist() == [[11, 21, 31][n] for n in related]
    assert list(edges.destination_id) == [[b"b", b"d", b"f"][n] for n in related]
    assert edges.value.tolist() == [0.0] * len(related)
