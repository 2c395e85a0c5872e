"""Numbers of rows that are out of their range: a bad row with its reason, whatever part they play."""

import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.common.rows.row_requirements import entity_spec, row_spec
from components.common.rows.row_validation import RowValidator, out_of_range
from components.relation_gen.batches import Indexed
from components.relation_gen.index.shard import populate, weigh
from relation.compiled import NumberRange
from relation.core.errors import DataError
from relation.sampling import Negatives
from tests.relation_gen.helpers import row
from tests.relation_gen.helpers_cases import make, recipe, schema
from tests.relations import compiled

NAN, INF = float("nan"), float("inf")
SPLITS = ("train", "eval")
DOCUMENT = schema(id=bytes, grp=bytes, grade=float, level=int)
GRADED = "{type: %s, source: {type: graded_group, group: grp, grade: %s}}"
ITEM = schema(id=bytes, label=int, w=float, n=int)
LINK = schema(a=bytes, b=bytes, v=float, n=int, vec=(float, 2), p=float)
ENDS = "left: {entity: item, id: a}, right: {entity: item, id: b}"
LABELS = "{type: pairs, source: {type: same_label, feature: label}, sampling: {%s}}"
EDGES = "{type: %s, source: {type: edges, edges: link%s}}"
MINED = "{negatives: {draw: given, edges: mined, probability: p}}"


def reasons(loaded, table, rows):
    """Why each row of an entity type, or of a table, cannot be used."""
    relation, own = loaded.compiled, loaded.schemas[table]
    if table in relation.entities:
        spec = entity_spec(relation, table, own).rows
    else:
        spec = row_spec(relation.rows[table], own)
    return RowValidator(spec)(rows)


def documents(grades, name="grade"):
    """Documents of one query a split, with some grades."""
    return {
        split: [
            row(**{"id": f"{split}-{n}".encode(), "grp": split.encode(), name: grade})
            for n, grade in enumerate(grades)
        ]
        for split in SPLITS
    }


def test_grades_of_lists_are_from_0_to_31(tmp_path):
    grades = [-1.0, -2.0, -0.5, 0.0, 3.0, 31.0, 31.5, 128.0, 1024.0, NAN, INF]
    loaded = recipe(tmp_path, GRADED % ("lists", "grade"), {"d": DOCUMENT}, data="bad_rows: skip")
    made = make(loaded, {"d": documents(grades)}, tmp_path)
    assert made.of()["skipped"] == {"grade_above_31": 3, "nan": 2, "negative_grade": 3}
    (one,) = made.tuples()
    assert sorted(one["relation"]) == [-1.0] * 29 + [0.0, 3.0, 31.0]


def test_a_grade_that_stops_the_run_is_named_with_its_bound(tmp_path):
    loaded = recipe(tmp_path, GRADED % ("lists", "grade"), {"d": DOCUMENT})
    with pytest.raises(DataError) as caught:
        make(loaded, {"d": documents([0.0, 1.0, -0.5, 128.0])}, tmp_path)
    assert "grade_above_31 1 (ids 'train-3: 128')" in str(caught.value)
    assert "negative_grade 1 (ids 'train-2: -0.5')" in str(caught.value)


def test_whole_grades(tmp_path):
    loaded = recipe(tmp_path, GRADED % ("lists", "level"), {"d": DOCUMENT})
    grades = [-(2**63), -1, 0, 31, 32, 2**63 - 1]
    actual = reasons(loaded, "d", documents(grades, "level")["train"])
    above, below = "grade_above_31", "negative_grade"
    assert actual.reasons == [below, below, "", "", above, above]
    assert actual.out_of_range == {0: -(2.0**63), 1: -1.0, 4: 32.0, 5: 2.0**63}


def test_grades_of_pairs_only_order_and_so_may_be_negative(tmp_path):
    loaded = recipe(
        tmp_path, GRADED % ("ranked_pairs", "grade"), {"d": DOCUMENT}, data="bad_rows: skip"
    )
    made = make(loaded, {"d": documents([-2.0, -0.5, 128.0, 3e38, -3e38])}, tmp_path)
    assert made.of()["skipped"] == {"grade_above_1e19": 1, "grade_below_-1e19": 1}
    assert sorted(one["relation"] for one in made.tuples()) == [1.5, 128.5, 130.0]


def items(name, numbers):
    """Items of one split, of two labels, with some numbers."""
    return [
        row(**{"id": b"%d" % n, "label": n % 2, name: number}) for n, number in enumerate(numbers)
    ]


def test_weights_and_popularity_of_entities(tmp_path):
    numbers = [1.0, -1.0, -0.0, 0.0, 1e12, 1e30, -1e-30, NAN]
    for sampling, below, above in (
        ("weight: w", "negative_weight", "weight_above_1e12"),
        ("negatives: {draw: popularity, feature: w}", "negative_popularity", ""),
        (
            "weight: w, negatives: {draw: popularity, feature: w}",
            "negative_weight",
            "weight_above_1e12",
        ),
    ):
        loaded = recipe(tmp_path, LABELS % sampling, {"item": ITEM})
        actual = reasons(loaded, "item", items("w", numbers)).reasons
        assert actual == ["", below, "", "", "", above, below, "nan"]


def split_items(name, numbers):
    return {
        split: [
            row(**{"id": f"{split}-{n}".encode(), "label": n % 2, name: number})
            for n, number in enumerate(numbers)
        ]
        for split in SPLITS
    }


def test_rows_of_negative_weight_and_popularity_are_counted(tmp_path):
    sampling = "weight: n, negatives: {draw: popularity, feature: w, alpha: 1}"
    loaded = recipe(tmp_path, LABELS % sampling, {"item": ITEM}, data="bad_rows: skip")
    numbers = [(1, 1.0), (-1, 1.0), (0, 0.0), (3, -5.0), (10**12, 2.0), (10**13, 1.0), (1, 3.0)]
    rows = {
        split: [
            row(id=f"{split}-{n}".encode(), label=n % 2, n=weight, w=popularity)
            for n, (weight, popularity) in enumerate([*numbers, (2, 1.0)])
        ]
        for split in SPLITS
    }
    made = make(loaded, {"item": rows}, tmp_path)
    assert made.of()["skipped"] == {
        "negative_popularity": 1,
        "negative_weight": 1,
        "weight_above_1e12": 1,
    }
    weights = {one["left_id"]: one["relation_weight"] for one in made.tuples()}
    assert weights == {
        b"train-0": 1.0, b"train-2": 0.0, b"train-4": np.float32(1e12), b"train-6": 1.0,
        b"train-7": 2.0,
    }  # fmt: skip
    drawn = {one["right_id"] for one in made.tuples() if one["relation"] == 0}
    assert b"train-2" not in drawn


@pytest.mark.parametrize("zero", [0.0, 0])
def test_weights_of_0_throughout_stop_the_split(tmp_path, zero):
    column = "w" if isinstance(zero, float) else "n"
    loaded = recipe(tmp_path, LABELS % f"weight: {column}", {"item": ITEM})
    given = split_items(column, [zero] * 6)
    given["train"] = split_items(column, [zero + 1] * 6)["train"]
    with pytest.raises(DataError, match=f"split 'eval': every weight, '{column}', is 0"):
        make(loaded, {"item": given}, tmp_path)


def test_weights_of_0_of_all_rows_that_make_tuples_stop_the_split(tmp_path):
    """The only row that weighs something is alone with its label, so it has no positive."""
    rows = split_items("w", [0.0] * 6)
    for split in SPLITS:
        rows[split].append(row(id=f"{split}-alone".encode(), label=7, w=1.0))
    loaded = recipe(tmp_path, LABELS % "weight: w, negatives_per_anchor: 0", {"item": ITEM})
    with pytest.raises(DataError, match=r"split 'train': the weights of all 6 tuples are 0"):
        make(loaded, {"item": rows}, tmp_path)


def test_edges_of_weight_0_throughout_stop_the_split_though_drawn_negatives_weigh_1(tmp_path):
    links = [
        row(a=f"{s}-{n}".encode(), b=f"{s}-{n + 1}".encode(), v=float(s == "train"))
        for n in range(3)
        for s in SPLITS
    ]
    relation, more = EDGES % ("pairs", ""), f"{{{ENDS}, weight: v}}"
    loaded = recipe(tmp_path, relation, {"item": ITEM}, {"link": (LINK, more)})
    with pytest.raises(DataError, match="split 'eval': every weight, 'v', is 0"):
        make(loaded, {"item": split_items("w", [1.0] * 6), "link": {"": links}}, tmp_path)


@pytest.mark.parametrize(
    ("frequency", "alpha", "message"),
    [
        (1e30, 1, r"got a frequency of 1e\+30; .*expected at most 4.*: scale the feature down"),
        # Half a unit of 2^-20, and its square.
        (1e-9, 1, r"of 1e-09; .*too small .* more than 4\.76837e-07: scale the feature up"),
        (1e-13, 0.5, r"of 1e-13; .*too small .* more than 2\.27374e-13: scale the feature up"),
    ],
)
def test_popularity_that_fixed_point_weights_cannot_hold(frequency, alpha, message):
    key, nothing = np.arange(3, dtype=np.uint64), np.zeros(3, dtype=np.uint64)
    shard = populate(Indexed(key, nothing, nothing, np.zeros(0)), seed=1)
    negatives = Negatives(draw="popularity", feature="w", alpha=alpha)
    with pytest.raises(DataError, match=message):
        weigh(shard, negatives, np.array([1.0, frequency, 0.0]))


NUMBERS = [1.0, 0.0, 0.5, -1.0, 2.0, -1e15, 1e15, 1e30, -1e30]


def links(name, numbers):
    return [row(a=b"x", b=b"y", **{name: number}) for number in numbers]


BINARY = ["", "", *["value_not_0_or_1"] * 7]
LABEL = [*[""] * 7, "value_above_1e15", "value_below_-1e15"]


@pytest.mark.parametrize(
    ("form", "source", "more", "expected"),
    [
        ("pairs", "", "value: v", BINARY),
        ("triplets", "", "value: v", BINARY),
        ("pairs", ", label: scalar", "value: v", LABEL),
        ("triplets", ", label: scalar, positive_from: 0", "value: v", [""] * 9),
        (
            "pairs",
            "",
            "weight: v",
            [*[""] * 3, "negative_weight", "", "negative_weight"]
            + ["weight_above_1e12"] * 2
            + ["negative_weight"],
        ),
    ],
)
def test_values_and_weights_of_edges(tmp_path, form, source, more, expected):
    more = f"{{{ENDS}, {more}}}"
    loaded = recipe(tmp_path, EDGES % (form, source), {"item": ITEM}, {"link": (LINK, more)})
    assert reasons(loaded, "link", links("v", NUMBERS)).reasons == expected


def test_each_number_of_a_vector_has_the_range(tmp_path):
    more = f"{{{ENDS}, value: vec}}"
    relation = EDGES % ("pairs", ", label: vector")
    loaded = recipe(tmp_path, relation, {"item": ITEM}, {"link": (LINK, more)})
    actual = reasons(loaded, "link", links("vec", [[0.0, 1e30], [-1e30, 0.0], [1.0, 2.0]]))
    assert actual.reasons == ["value_above_1e15", "value_below_-1e15", ""]
    assert actual.out_of_range == {0: np.float32(1e30), 1: np.float32(-1e30)}


@pytest.mark.parametrize(("kind", "expected"), [("binary", BINARY), ("scalar", LABEL)])
def test_labels_of_rows(tmp_path, kind, expected):
    relation = (
        "{type: rows, source: {type: row, rows: pair}, roles: {l: i, r: i}, label: y, "
        f"label_kind: {kind}}}"
    )
    columns = schema(l_id=bytes, r_id=bytes, y=float)
    tables = {"pair": (columns, "")}
    loaded = recipe(tmp_path, relation, {"i": schema(id=bytes)}, tables, read=[])
    rows = [row(l_id=b"l", r_id=b"r", y=y) for y in NUMBERS]
    assert reasons(loaded, "pair", rows).reasons == expected


def test_probabilities_of_listed_negatives(tmp_path):
    loaded = recipe(
        tmp_path,
        f"{{type: pairs, source: {{type: edges, edges: link}}, sampling: {MINED}}}",
        {"item": ITEM},
        {"link": (LINK, f"{{{ENDS}}}"), "mined": (LINK, f"{{{ENDS}}}")},
    )
    actual = reasons(loaded, "mined", links("p", [1.0, 1e-45, 0.0, -0.5, 1.5])).reasons
    assert actual == ["", "", *["probability_not_in_0_1"] * 3]


@pytest.mark.parametrize(
    ("levels", "good", "bad"),
    [(1, [0.0, 0.5, 1.0], [-0.5, 1.5, 7.0]), (4, [0.0, 1.0, 4.0], [-1.0, 0.5, 4.5, 5.0])],
)
def test_confidences_of_tags(tmp_path, levels, good, bad):
    loaded = recipe(
        tmp_path,
        "{type: tags, source: {type: labels, feature: tags, confidence: sure, "
        f"levels: {levels}}}}}",
        {"item": schema(id=bytes, tags=(["p", "q"], 2), sure=(float, 2))},
    )
    rows = [row(id=b"1", tags=[b"p", b"q"], sure=[0.0, value]) for value in [*good, *bad]]
    expected = [""] * len(good) + ["bad_confidence"] * len(bad)
    assert reasons(loaded, "item", rows).reasons == expected


def huge(left, right):
    return left["w"][:, 0].astype(np.float64) * 1e300


def test_what_a_function_gives(tmp_path):
    relation = f"{{type: scored_pairs, source: {{type: function, function: {__name__}.huge}}}}"
    loaded = recipe(tmp_path, relation, {"item": ITEM})
    with pytest.raises(
        DataError, match=r"returned \[1e\+300\] for .* expected finite numbers, within"
    ):
        make(loaded, {"item": split_items("w", [1.0] * 6)}, tmp_path)


def test_a_row_between_ill_typed_ones_keeps_its_number():
    """They are validated one by one then."""
    own = text_format.Parse(DOCUMENT, schema_pb2.Schema())
    relation = compiled(
        {"d": "id"},
        {"type": "lists", "source": {"type": "graded_group", "group": "grp", "grade": "grade"}},
        {"d": own},
    )
    rows = [
        row(id=b"1", grp=b"g", grade=1),
        row(id=b"2", grp=b"g", grade=64.0),
        row(id=b"3", grp=b"g", grade=1.0),
    ]
    actual = RowValidator(entity_spec(relation, "d", own).rows)(rows)
    assert actual.reasons == ["wrong_type", "grade_above_31", ""]
    assert actual.described(actual.ids) == [b"1", b"2: 64", b"3"]


def test_bounds_belong_to_a_range_and_what_is_not_finite_has_another_reason():
    expected = NumberRange(least=0, most=2, below="low", above="high", fractional="part")
    values = np.array([[0.0], [2.0], [NAN], [INF], [-INF], [-0.5], [2.5], [1.5], [-1.0], [3.0]])
    last = {row: (reason, value) for row, reason, value in out_of_range(values, expected)}
    assert last == {
        5: ("low", -0.5),
        6: ("high", 2.5),
        7: ("part", 1.5),
        8: ("low", -1.0),
        9: ("high", 3.0),
    }
    assert list(out_of_range(values, NumberRange())) == []
