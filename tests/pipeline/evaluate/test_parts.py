"""Parts of `pipeline.evaluate` by hand: lines, columns, tables and slices."""

import math
from types import SimpleNamespace

import pytest

from pipeline.evaluate import command, inputs, tuples
from pipeline.score.rows import Rejections
from relation.core.errors import DataError, UserError
from tests.relations import compiled
from trainer_module.metrics.registry import TupleMetric

RESULTS = {
    "rows": {"item": {"rows": 1200, "path": "rows.csv"}},
    "left_out": {"no label": 1500},
    "counts": ["tuples 8"],
    "metrics": {"auc": 0.5, "f1": None, "mae": 0.25, "examples": 1200.0},
    "intervals": {"auc": [0.25, 0.75], "mae": [None, 0.5]},
    "undefined": {"f1": "no pair is related", "corpus mrr": "no query"},
    "corpus": {
        "counts": {"measured": 1000, "references": 2000, "without_match": 3000},
        "spaces": {"model": {"map_at_r": {"value": 0.5}, "mrr": {"value": None}}},
    },
}


def test_the_results_as_lines():
    assert list(command._shown(RESULTS)) == [
        "item: 1,200 rows of rows.csv",
        "left out 1,500: no label",
        "tuples 8",
        "auc 0.5000 [0.2500, 0.7500]",
        "f1 undefined: no pair is related",
        "mae 0.2500",
        "examples 1,200",
        "neighbours of 1,000 rows among 2,000, 3,000 without a related one",
        "corpus map_at_r 0.5000",
        "corpus mrr undefined: no query",
    ]
    bare = {**RESULTS, "corpus": {}, "left_out": {}, "counts": [], "metrics": {}}
    assert list(command._shown(bare)) == ["item: 1,200 rows of rows.csv"]


def test_the_command_line():
    options = command._parser().parse_args(["model", "a", "item=b", "--slice", "x", "--slice", "y"])
    assert vars(options) == {
        "model": "model",
        "rows": ["a", "item=b"],
        "edges": None,
        "output": "evaluation",
        "slice": ["x", "y"],
        "number_rows": False,
        "skip_bad_rows": False,
    }
    assert command._parser().parse_args(["model", "a"]).slice == []
    for arguments in (["model"], ["model", "a", "--out", "x"]):
        with pytest.raises(SystemExit):
            command._parser().parse_args(arguments)


def edges_of():
    source = {"type": "edges", "edges": "likes"}
    tables = {
        "likes": {"left": {"entity": "user", "id": "u"}, "right": {"entity": "item", "id": "i"}}
    }
    relation = {"type": "pairs", "source": source}
    return compiled({"user": "id", "item": "id"}, relation, edges=tables)


def options(rows, edges=None):
    return SimpleNamespace(rows=rows, edges=edges)


def test_tables_have_a_pattern_each():
    relation = edges_of()
    interface = SimpleNamespace(readings={"likes": 1, "item": 2, "other": 3, "user": 4})
    assert inputs.tables_of(interface, relation) == ("likes", "item", "user")
    read = command._patterns(options(["item=a", "user=b"], "c"), interface, relation)
    assert read == {"likes": "c", "item": "a", "user": "b"}
    with pytest.raises(UserError, match=r"^--edges: missing; expected the file or glob of the"):
        command._patterns(options(["item=a", "user=b"]), interface, relation)
    same = compiled(
        {"item": "id"}, {"type": "pairs", "source": {"type": "same_label", "feature": "k"}}
    )
    one = SimpleNamespace(readings={"item": 1})
    assert command._patterns(options(["a"]), one, same) == {"item": "a"}
    with pytest.raises(UserError, match=r"^--edges: the model's relation has no edges; leave"):
        command._patterns(options(["a"], "c"), one, same)
    with pytest.raises(UserError, match=r"^expected the rows 'item', too: item=GLOB$"):
        inputs.write_rows(one, same, {}, "", False, Rejections(True))
    with pytest.raises(UserError, match=r"^expected the edges 'likes', too: likes=GLOB$"):
        inputs.write_rows(interface, relation, {}, "", False, Rejections(True))


def test_a_slice_is_of_a_column_of_the_first_role():
    columns = {"user": {"age": 1, "city": 2}}
    interface = SimpleNamespace(columns=columns.__getitem__)
    command._check_slices(["age", "city"], interface, edges_of())
    with pytest.raises(UserError) as error:
        command._check_slices(["age", "price"], interface, edges_of())
    assert str(error.value) == "--slice: got 'price'; expected one of age, city"


def test_columns_that_say_what_is_related_are_needed():
    assert inputs._needed(edges_of(), "likes") == {"u": "it holds ids", "i": "it holds ids"}
    inputs._check_columns("rows.csv", {"u", "i"}, {"u": "it holds ids"})
    with pytest.raises(DataError) as error:
        inputs._check_columns("rows.csv", {"b", "a"}, {"label": "it holds the labels"})
    assert str(error.value) == (
        "rows.csv: no row has a value in column 'label', which evaluation needs: it holds the "
        "labels; there are a, b"
    )
    with pytest.raises(DataError, match=r"; there are none$"):
        inputs._check_columns("rows.csv", set(), {"label": "it holds the labels"})


def test_what_was_left_out_is_listed_by_reason():
    rejections = Rejections(True)
    assert inputs._listed(rejections) == ""
    rejections.counts.update({"b": 1, "a": 1200})
    assert inputs._listed(rejections) == "; 1,200 left out: a; 1 left out: b"


def test_slices_in_order_and_reasons():
    keys = [("b", "x"), ("a", "x"), ("a", 2), ("a", "10"), ("a", 10)]
    assert sorted(keys, key=tuples._order) == [
        *(("a", 2), ("a", 10), ("a", "10"), ("a", "x"), ("b", "x")),
    ]
    table = {name: TupleMetric("", sum, undefined=f"of {name}") for name in ("auc", "mae")}
    values = {"auc": math.nan, "mae": 0.5}
    with_tuples = {**values, "examples": 3.0, "score_spread": 0.5}
    assert tuples._undefined(with_tuples, table) == {"auc": "of auc"}
    assert tuples._undefined(values, table) == {"auc": "there is no tuple"}
    assert tuples._text("größe".encode()) == "größe"
    assert tuples._text(3) == 3
