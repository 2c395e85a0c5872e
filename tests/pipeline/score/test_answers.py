"""Answers as tables, from signatures that tests answer themselves; and tables as files."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from demo_data.rows import example
from pipeline.score import questions, table_file
from pipeline.score.answers import Answers, _free
from pipeline.score.questions import Inputs
from pipeline.score.rows import EntityRow, Rejections
from pipeline.score.tables import patterns_of
from relation.core.errors import DataError, UserError
from relation.spec import pairs, tags


class Signatures:
    """Answers by name, and what each signature was asked."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, {}

    def __contains__(self, name):
        return name in self.answers

    def answer(self, name, output, examples):
        self.asked[name, output] = [
            {
                key: feature.float_list.value or feature.bytes_list.value
                for key, feature in one.items()
            }
            for one in (tf.train.Example.FromString(e).features.feature for e in examples)
        ]
        return np.asarray(self.answers[name], np.float32)


def answers_of(relation, scored, outputs=(), labels=(), similarity=None, **answers):
    result = object.__new__(Answers)
    result._model = Signatures(**answers)
    result.interface = SimpleNamespace(
        relation=relation,
        scored=scored,
        outputs=outputs,
        similarity=similarity,
        compiled=SimpleNamespace(
            label=SimpleNamespace(domain=labels), tuple_table=None, query=None
        ),
    )
    return result


def row(name, x):
    return EntityRow(name, example({"x": float(x)}).SerializeToString())


ROWS = [row("a", 1), row("b", 2)]
ITEMS = pairs("item", "item")


def columns(table):
    return {name: table[name].to_pylist() for name in table.column_names}


def test_embeddings_are_lists_and_null_without_an_answer():
    answers = answers_of(ITEMS, ("left", "right"), embed_item=[[0.5, 1.0], [np.nan, 1.0]])
    table = answers.embeddings("item", ROWS)
    assert columns(table) == {"id": ["a", "b"], "embedding": [[0.5, 1.0], None]}
    assert table["embedding"].type == pa.list_(pa.float32(), 2)
    requests = answers._model.asked["embed_item", "embedding"]
    assert [one["x"] for one in requests] == [[1.0], [2.0]]


def test_a_tuple_is_scored_with_the_features_of_both_members():
    answers = answers_of(ITEMS, ("left", "right"), score=[0.25, np.nan])
    members = {one.id: one.example for one in ROWS}
    table = answers.pairs([("a", "b"), ("b", "b")], members, members)
    assert columns(table) == {"left": ["a", "b"], "right": ["b", "b"], "score": [0.25, None]}
    assert answers._model.asked["score", "score"] == [
        {"left_x": [1.0], "right_x": [2.0]},
        {"left_x": [2.0], "right_x": [2.0]},
    ]


def test_one_entity_is_scored_in_its_role_with_a_column_for_each_output():
    scores = [[0.5, 0.25], [1.0, 0.0]]
    answers = answers_of(tags("item", 2), ("example",), ("red", "id"), score=scores)
    assert columns(answers.scores(ROWS)) == {
        "id": ["a", "b"],
        "red": [0.5, 1.0],
        "score_id": [0.25, 0.0],
    }
    assert answers._model.asked["score", "score"] == [{"example_x": [1.0]}, {"example_x": [2.0]}]
    unnamed = answers_of(tags("item", 2), ("example",), score=scores)
    assert list(columns(unnamed.scores(ROWS))) == ["id", "score_0", "score_1"]
    images = answers_of(tags("item", 2), ("example",), score=np.zeros((2, 4, 4, 1)))
    with pytest.raises(DataError, match=r"^the model predicts images, which no table holds$"):
        images.scores(ROWS)


def test_rows_of_both_members_keep_their_numbers_and_ids():
    answers = answers_of(ITEMS, ("left", "right"), score=[0.5, 1.0])
    rows = [
        example({"left_id": "p", "right_x": 1.0}).SerializeToString(),
        example({"right_x": 2.0}).SerializeToString(),
    ]
    assert columns(answers.tuples(rows, 7)) == {
        "row": [7, 8],
        "left": ["p", None],
        "score": [0.5, 1.0],
    }


def test_each_label_has_a_column():
    answers = answers_of(
        ITEMS, ("left", "right"), labels=("red", "row"), score_labels=[[0.5, 1.0], [0.25, np.nan]]
    )
    assert answers.scores_labels
    assert columns(answers.labels(ROWS)) == {
        "id": ["a", "b"],
        "red": [0.5, 0.25],
        "score_row": [1.0, None],
    }
    assert not answers_of(ITEMS, ("left", "right")).scores_labels


def test_names_of_ids_are_not_free():
    names = ("id", "left", "right", "row", "other")
    assert _free(names) == ["score_id", "score_left", "score_right", "score_row", "other"]


def inputs_of(answers, rows, monkeypatch, first=None, skip=True, numbered=False):
    """Inputs whose rows are lists by pattern."""
    monkeypatch.setattr(questions, "entity_rows", lambda pattern, *_: iter(rows[pattern]))
    patterns = {entity: entity for entity in rows if "/" not in entity}
    return Inputs(answers, patterns, numbered, Rejections(skip), first)


def test_a_row_alone_is_scored_or_embedded(monkeypatch):
    tagging = answers_of(tags("item", 1), ("example",), score=[0.5], embed_item=[[1.0, 2.0]])
    inputs = inputs_of(tagging, {"item": ROWS}, monkeypatch, first=1)
    [scores] = questions.each_row(inputs, embeddings=False)
    assert columns(scores) == {"id": ["a"], "score": [0.5]}
    [embedded] = questions.each_row(inputs, embeddings=True)
    assert columns(embedded) == {"id": ["a"], "embedding": [[1.0, 2.0]]}
    comparing = answers_of(ITEMS, ("left", "right"), embed_item=[[0.0, 1.0]])
    inputs = inputs_of(comparing, {"item": ROWS}, monkeypatch, first=1)
    [embedded] = questions.each_row(inputs, embeddings=False)
    assert columns(embedded) == {"id": ["a"], "embedding": [[0.0, 1.0]]}
    both = inputs_of(comparing, {"item": ROWS, "user": ROWS}, monkeypatch)
    with pytest.raises(UserError, match=r"^got rows of item, user; expected one entity type$"):
        list(questions.each_row(both, embeddings=False))


def test_rows_of_a_missing_type_are_asked_for(monkeypatch):
    inputs = inputs_of(answers_of(ITEMS, ("left", "right")), {"item": ROWS}, monkeypatch)
    with pytest.raises(UserError, match=r"^expected rows of 'user' too: user=GLOB$"):
        inputs.rows("user")
    assert list(inputs.rows("item")) == ROWS


def test_pairs_are_of_ids_that_are_there(monkeypatch):
    answers = answers_of(pairs("user", "item"), ("left", "right"), score=[0.5])
    rows = {"user": [row("u", 1)], "item": [row("i", 2)]}
    inputs = inputs_of(answers, rows, monkeypatch)
    named = [("u", "x"), ("u", "i"), ("y", "i")]
    monkeypatch.setattr(questions, "pair_ids", lambda *_: iter(named))
    [table] = questions.pairs("pairs.csv", inputs)
    assert columns(table) == {"left": ["u"], "right": ["i"], "score": [0.5]}
    assert sum(inputs.rejections.counts.values()) == 2
    alone = inputs_of(answers_of(tags("item", 1), ("example",)), rows, monkeypatch)
    with pytest.raises(UserError, match=r"^--pairs: the model scores one row at a time; leave"):
        list(questions.pairs("pairs.csv", alone))
    twice = {"user": [row("u", 1), row("u", 1)], "item": [row("i", 2), row("i", 3)]}
    with pytest.raises(
        DataError, match=r"^item: two different rows have the id 'i'; expected one$"
    ):
        list(questions.pairs("pairs.csv", inputs_of(answers, twice, monkeypatch)))


def test_neighbours_are_of_the_first_rows_among_all_others(monkeypatch):
    points = {"a": [0.0, 0.0], "b": [1.0, 0.0], "c": [0.0, 3.0]}

    class Embedding(Answers):
        def __init__(self):
            self.interface = SimpleNamespace(
                relation=ITEMS, scored=("left", "right"), similarity="euclidean"
            )

        def embed(self, entity, rows):
            return np.array([points[one.id] for one in rows], np.float32)

    rows = {"item": [row(name, 0) for name in points], "far/item": [row("c", 0)]}
    inputs = inputs_of(Embedding(), rows, monkeypatch, first=1)
    table = questions.neighbours(1, None, inputs)
    assert table.column(0).to_pylist() == ["a"]
    assert "b" in [value for column in columns(table).values() for value in column]
    among = columns(questions.neighbours(1, "far/item", inputs))
    assert "c" in [value for column in among.values() for value in column]
    with pytest.raises(UserError, match=r"^--neighbours: got 0; expected a number from 1$"):
        questions.neighbours(0, None, inputs)
    inputs.answers.interface.similarity = None
    with pytest.raises(UserError, match=r"^--neighbours: the model's head does not say which"):
        questions.neighbours(1, None, inputs)
    empty = inputs_of(Embedding(), {"item": []}, monkeypatch)
    with pytest.raises(DataError, match=r"^item: holds no usable row$"):
        questions.neighbours(1, None, empty)


LISTS = pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2))
TABLE = pa.table({"id": ["a", "b"], "v": LISTS})


def test_a_table_is_written_in_parts(tmp_path, capfdbinary):
    path = tmp_path / "out.csv"
    assert table_file.write(iter([TABLE, TABLE.slice(1)]), str(path)) == 3
    text = b'"id","v_0","v_1"\n"a",1,2\n"b",3,4\n"b",3,4\n'
    assert path.read_bytes() == text
    assert table_file.write([TABLE, TABLE.slice(1)], None) == 3
    assert capfdbinary.readouterr().out == text
    parquet = tmp_path / "out.parquet"
    assert table_file.write([TABLE, TABLE], str(parquet)) == 4
    assert pq.read_table(parquet)["v"].to_pylist() == LISTS.to_pylist() * 2
    assert table_file.write([], str(tmp_path / "none.csv")) == 0
    assert {file.name for file in tmp_path.iterdir()} == {"out.csv", "out.parquet", "none.csv"}


def test_a_table_that_is_not_finished_leaves_the_one_before(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("before")

    def broken():
        yield TABLE
        raise KeyError

    with pytest.raises(KeyError):
        table_file.write(broken(), str(path))
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_where_a_table_can_be_written(tmp_path):
    table_file.check_format(str(tmp_path / "a.csv"))
    table_file.check_format(str(tmp_path / "a.parquet"))
    with pytest.raises(UserError) as error:
        table_file.check_format("a.json")
    assert str(error.value) == (
        "--output: got 'a.json'; expected a name that ends in .csv or .parquet"
    )
    with pytest.raises(UserError, match=r"there is no folder .*/nowhere$"):
        table_file.check_format(str(tmp_path / "nowhere" / "a.csv"))


def test_patterns_by_name_in_the_order_of_tables():
    names = ("user", "item", "edges")
    assert patterns_of(["item=a=b", "user=c"], names, names) == {"user": "c", "item": "a=b"}
    assert patterns_of(["x=y"], ["item"], names) == {"item": "x=y"}
    for items, message in (
        (["x"], "got 'x'; expected TYPE=x, TYPE one of user, item"),
        (["item=a", "item=b"], "item: got 'a' and 'b'; expected one glob"),
    ):
        with pytest.raises(UserError) as error:
            patterns_of(items, names[:2], names)
        assert str(error.value) == message
    with pytest.raises(UserError, match=r"TYPE one of user, item, edges$"):
        patterns_of(["x"], [], names)
