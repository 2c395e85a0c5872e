"""The layout from counters of shards, worked out by hand, and what it refuses."""

import numpy as np
import pytest

from components.common.columns import Strings
from components.common.example_wire import joined
from components.relation_gen.index.layout import make_layout
from components.relation_gen.index.side_inputs import Layout, LayoutCoder, ShardTotal
from components.relation_gen.sampling.label_sets import LabelSets
from components.relation_gen.stats import counters
from components.relation_gen.stats.counters import Counter
from relation.core.errors import DataError
from relation.names import ENTITIES
from tests.relations import compiled

SPLITS = ("train", "eval")


def relation(form="pairs", bad_rows="fail", **sampling):
    source = {"type": "same_label", "feature": "label"}
    relation = {"type": form, "source": source, "sampling": sampling}
    return compiled({"item": "id"}, relation, bad_rows=bad_rows)


def linked(weight=None):
    ends = {side: {"entity": "item", "id": side} for side in ("left", "right")}
    link = {**ends, **({"weight": weight} if weight else {})}
    return compiled(
        {"item": "id"},
        {"type": "pairs", "source": {"type": "edges", "edges": "link"}},
        {"link": 'feature { name: "left" type: BYTES } feature { name: "right" type: BYTES } '
         'feature { name: "w" type: FLOAT }'},
        edges={"link": link},
    )  # fmt: skip


def total(split="train", shard=0, rows=4, groups=2, related=4, expected=10, **more):
    return ShardTotal(
        split=split,
        shard=shard,
        rows=rows,
        total_weight=more.pop("total_weight", rows),
        top_weights=more.pop("top_weights", ()),
        groups=groups,
        related=related,
        label=more.pop("label", "b'cat'"),
        expected=expected,
        label_sets=more.pop("label_sets", LabelSets.empty()),
        **more,
    )


def sizes(entities=4, size=400):
    return {
        (split, "item", name): Counter(count)
        for split in SPLITS
        for name, count in ((counters.ENTITIES, entities), (counters.BYTES, size))
    }


def layout(relation, totals, counts=None, shards=3):
    return make_layout(relation, SPLITS, shards, totals, counts or sizes())


def test_shards_follow_each_other_and_the_heaviest_are_those_of_all():
    totals = [
        total(shard=2, rows=5, total_weight=70, top_weights=((40, 0), (20, 50))),
        total(shard=0, rows=3, total_weight=50, top_weights=((20, 10), (15, 30))),
        total("eval", shard=1, rows=2, total_weight=9),
    ]
    made = layout(relation(), totals)
    assert {name: ends.tolist() for name, ends in made.position_offsets.items()} == {
        "train": [0, 3, 3, 8],
        "eval": [0, 0, 2, 2],
    }
    assert {name: ends.tolist() for name, ends in made.weight_offsets.items()} == {
        "train": [0, 50, 50, 120],
        "eval": [0, 0, 9, 9],
    }
    # The last shard begins at weight 50; equal weights are in the order of their offsets.
    assert made.candidates["train"] == (8, 120, ((40, 50), (20, 10), (20, 100), (15, 30)))
    assert made.candidates["eval"] == (2, 9, ())
    assert made.tables == {"train": None, "eval": None}


def test_the_heaviest_are_at_most_sixteen():
    heavy = tuple((100 - n, n) for n in range(20))
    made = layout(relation(), [total(top_weights=heavy), total("eval")])
    assert made.candidates["train"].top_weights == heavy[:16]


@pytest.mark.parametrize(
    ("expected", "files"),
    # A tuple of two members of 100 bytes and 150 more each takes 500; a file a fifth of the MiB.
    [(0, 1), (1, 1), (134217, 1), (134218, 2), (10**6, 8), (10**11, 99_999)],
)
def test_files_of_tuples_by_size(expected, files):
    totals = [total(expected=expected), total("eval", expected=1)]
    made = layout(relation(), totals)
    assert made.output_shards == {"train": files, "eval": 1, ENTITIES: 1}


@pytest.mark.parametrize(("size", "files"), [(67108864, 1), (67108865, 2), (10**9, 15)])
def test_files_of_entities_by_the_size_of_those_of_training(size, files):
    counts = sizes()
    counts["train", "item", counters.BYTES] = Counter(size)
    made = layout(relation(), [total(), total("eval")], counts)
    assert made.output_shards[ENTITIES] == files


def label_sets(labels, start):
    n = len(labels)
    count = np.arange(start, start + n, dtype=np.int64)
    group = np.arange(n, dtype=np.uint64) + np.uint64(7 * (start + 1))
    one = np.ones(n, dtype=np.int64)
    names = Strings.of([joined(set(label)) for label in labels])
    return LabelSets(group, group * np.uint64(0), names, count, one, count, one)


def test_label_sets_of_shards_make_one_table_which_travels():
    sets = [label_sets([[b"a"], [b"b"]], 0), label_sets([[b"a", b"c"]], 0), LabelSets.empty()]
    totals = [
        total(shard=0, rows=2, label_sets=sets[0], related=0),
        total(shard=1, rows=1, label_sets=sets[1], related=0),
        total(shard=2, rows=1, label_sets=sets[2], related=0),
        total("eval"),
    ]
    made = layout(relation(), totals)
    table = made.tables["train"]
    assert table is not None
    assert len(table.group) == 3
    assert made.tables["eval"] is None
    again = LayoutCoder().decode(LayoutCoder().encode(made))
    assert again.candidates == made.candidates
    assert again.output_shards == made.output_shards
    for name in SPLITS:
        assert again.position_offsets[name].tolist() == made.position_offsets[name].tolist()
        assert again.weight_offsets[name].tolist() == made.weight_offsets[name].tolist()
    assert again.tables["eval"] is None
    assert again.tables["train"].group.tolist() == table.group.tolist()
    for ranges in ("related", "allowed"):
        mine, other = getattr(again.tables["train"], ranges), getattr(table, ranges)
        for column in ("start", "end", "bounds"):
            assert getattr(mine, column).tolist() == getattr(other, column).tolist()
    assert LayoutCoder().to_type_hint() is Layout


SINGLE = {"groups": 1, "related": 4}
ALONE = {"groups": 4, "related": 0}


@pytest.mark.parametrize(
    ("form", "sampling", "counted", "message"),
    [
        (
            "pairs",
            {},
            SINGLE,
            r"split 'eval': feature 'label' has only the value b'cat'; negatives",
        ),
        ("pairs", {"negatives_per_anchor": 0}, SINGLE, None),
        ("pairs", {}, ALONE, None),  # Negatives alone.
        (
            "pairs",
            {"negatives_per_anchor": 0},
            ALONE,
            r"split 'eval': no two of the 4 rows have the same value of feature 'label'",
        ),
        ("triplets", {}, ALONE, r"split 'eval': no two of the 4 rows have the same value"),
        ("triplets", {}, {"groups": 2, "related": 2}, None),
    ],
)
def test_labels_that_make_no_tuple(form, sampling, counted, message):
    totals = [total(), total("eval", **counted)]
    if message is None:
        layout(relation(form, **sampling), totals)
    else:
        with pytest.raises(DataError, match=message):
            layout(relation(form, **sampling), totals)


def test_sets_of_labels_relate_rows_of_several_groups():
    """No two rows have the same labels, but two sets may have one in common, of whatever shard."""
    alone = {"groups": 2, "related": 0, "rows": 2}
    sets = label_sets([[b"a"], [b"a", b"b"]], 0)
    totals = [total(), total("eval", label_sets=sets, **alone), total("eval", shard=1, **alone)]
    layout(relation("triplets"), totals)


def test_a_split_without_rows_says_what_was_read():
    counts = sizes() | {
        ("eval", "item", counters.READ): Counter(5),
        ("eval", "item", counters.SKIPPED + "nan"): Counter(3),
        (counters.UNASSIGNED, "item", counters.SKIPPED + "no_id"): Counter(2),
        ("train", "item", counters.SKIPPED + "other"): Counter(1),
    }
    with pytest.raises(
        DataError, match=r"split 'eval': no row can be used \(5 read: nan 3, no_id 2\)"
    ):
        layout(relation(bad_rows="skip"), [total()], counts)


@pytest.mark.parametrize(
    ("examples", "count", "shown"),
    [
        ((), 2, "nan 2"),
        ((b"a", b"b"), 2, "nan 2 (ids 'a', 'b')"),
        ((b"a", b"b", b"c"), 9, "nan 9 (ids 'a', 'b', 'c', …)"),
    ],
)
def test_bad_rows_are_named_with_some_ids(examples, count, shown):
    counts = sizes() | {
        ("train", "item", counters.SKIPPED + "nan"): Counter(count, examples),
        ("train", "item", counters.SKIPPED + "duplicate_id"): Counter(7),
    }
    layout(relation(bad_rows="skip"), [total(), total("eval")], counts)
    with pytest.raises(DataError) as error:
        layout(relation(), [total(), total("eval")], counts)
    cause = str(error.value).partition("; fix")[0]
    assert cause == f"some rows cannot be used: split 'train': {shown}"


def test_ids_in_several_splits_are_refused():
    overlap = {(counters.ANY, "item", counters.OVERLAP): Counter(2, (b"x",))}
    with pytest.raises(DataError, match=r"'item': 2 ids are in several splits \(ids 'x', …\)"):
        layout(relation(), [total(), total("eval")], sizes() | overlap)


def test_edges_that_make_no_tuple():
    with pytest.raises(
        DataError, match=r"split 'eval': no edge between .* \(link: 0 read\), so no"
    ):
        layout(linked(), [total(), total("eval", expected=0)])


@pytest.mark.parametrize(("weighing", "refused"), [(0, True), (1, False)])
def test_weights_that_are_all_0(weighing, refused):
    totals = [total(weighing=3), total("eval", weighing=weighing)]
    layout(linked(), totals)
    if refused:
        with pytest.raises(DataError, match="split 'eval': every weight, 'w', is 0, so nothing"):
            layout(linked("w"), totals)
    else:
        layout(linked("w"), totals)


def test_weights_of_negatives_have_a_bound():
    layout(relation(), [total(total_weight=2**62), total("eval")])
    with pytest.raises(DataError, match=r"split 'train': the weights .* add up to 2\^62; expected"):
        layout(
            relation(), [total(total_weight=2**62), total(shard=1, total_weight=1), total("eval")]
        )
