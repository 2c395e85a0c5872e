"""The first rows of tables, compared with their schemas."""

import pytest
import tensorflow as tf
import yaml

from pipeline.dry_run.rows import first_rows
from relation.core.errors import DataError
from relation.load import load_recipe

SCHEMA = """
feature { name: "id" type: BYTES presence { min_fraction: 1 } }
feature { name: "kind" type: BYTES presence { min_fraction: 1 } }
feature { name: "price" type: FLOAT }
"""


def recipe(folder, file_format: str, **changes):
    """A recipe without a model, and the patterns of its rows."""
    item = {"schema": "s.pbtxt", "id": "id", "path": f"rows*.{file_format}", "format": file_format}
    raw = {
        "name": "small",
        "data": {"entities": {"item": item}},
        "relation": {"type": "pairs", "source": {"type": "same_label", "feature": "kind"}},
    }
    raw["data"].update(changes)
    (folder / "s.pbtxt").write_text(SCHEMA)
    (folder / "r.yaml").write_text(yaml.safe_dump(raw))
    return load_recipe(str(folder / "r.yaml")), {"item": str(folder / f"rows*.{file_format}")}


def write_records(path, rows):
    """Rows, given as JSON of tf.Examples' features."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in rows:
            example = tf.train.Example()
            for name, (kind, values) in row.items():
                getattr(example.features.feature[name], kind).value.extend(values)
            writer.write(example.SerializeToString())


def test_rows_are_read_up_to_the_limit_and_others_counted(tmp_path):
    loaded, patterns = recipe(tmp_path, "csv")
    (tmp_path / "rows1.csv").write_text("id,kind,price\na,x,1\nb,y,cheap\nc,x,\n")
    (tmp_path / "rows2.csv").write_text("kind,id,price,more\ny,d,2,\n")
    table = first_rows(loaded, patterns, 10)["item"]
    assert [row.features.feature["id"].bytes_list.value[0] for row in table.rows[None]] == [
        b"a",
        b"c",
        b"d",
    ]
    reason = (
        "a row has a value in column 'price' that is not a number of 32 bits (FLOAT in the schema)"
    )
    assert table.left_out == {reason: 1}
    assert (len(table), table.complete, table.files) == (3, True, 2)
    two = first_rows(loaded, patterns, 2)["item"]
    assert (len(two), two.complete) == (2, False)


def test_a_missing_column_is_told_with_those_that_there_are(tmp_path):
    loaded, patterns = recipe(tmp_path, "csv")
    (tmp_path / "rows.csv").write_text("id,knd,price\na,x,1\n")
    with pytest.raises(DataError) as error:
        first_rows(loaded, patterns, 10)
    assert str(error.value) == (
        f"{tmp_path}/rows.csv: line 1: no column 'kind', which the schema names; the file has the "
        "columns 'id', 'knd', 'price'; did you mean 'knd'?"
    )


def test_types_and_names_of_columns_are_compared_with_the_schema(tmp_path):
    loaded, patterns = recipe(tmp_path, "tfrecord")
    row = {
        "id": ("bytes_list", [b"a"]),
        "knd": ("bytes_list", [b"x"]),
        "price": ("int64_list", [3]),
    }
    write_records(tmp_path / "rows.tfrecord", [row, row])
    with pytest.raises(DataError) as error:
        first_rows(loaded, patterns, 10)
    see = f"; see {tmp_path}/s.pbtxt"
    assert str(error.value).splitlines() == [
        f"rows of item: column 'price': got values of type INT in 2 rows; expected FLOAT{see}",
        "rows of item: column 'knd': the schema does not name it; expected one of id, kind, price; "
        f"did you mean 'kind'?{see}",
        "rows of item: no row has the column 'kind'; there are id, knd, price; did you mean 'knd'?"
        + see,
    ]


def test_more_entities_are_read_where_edges_name_them(tmp_path):
    end = {"entity": "item"}
    links = {"schema": "l.pbtxt", "path": "links.csv", "format": "csv"}
    links |= {"left": {**end, "id": "a"}, "right": {**end, "id": "b"}}
    (tmp_path / "l.pbtxt").write_text(
        'feature { name: "a" type: BYTES } feature { name: "b" type: BYTES }'
    )
    recipe(tmp_path, "csv")
    raw = yaml.safe_load((tmp_path / "r.yaml").read_text())
    raw["data"]["edges"] = {"links": links}
    raw["relation"]["source"] = {"type": "edges", "edges": "links"}
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(raw))
    (tmp_path / "rows.csv").write_text("id,kind,price\n" + "a,x,1\n" * 40)
    (tmp_path / "links.csv").write_text("a,b\n" + "a,c\n" * 40)
    patterns = {"item": str(tmp_path / "rows.csv"), "links": str(tmp_path / "links.csv")}
    tables = first_rows(load_recipe(str(tmp_path / "r.yaml")), patterns, 3)
    assert {name: (len(table), table.complete) for name, table in tables.items()} == {
        "item": (30, False),
        "links": (3, False),
    }


def test_a_pattern_without_files_is_told(tmp_path):
    loaded, patterns = recipe(tmp_path, "csv")
    with pytest.raises(DataError, match=r"rows\*\.csv: "):
        first_rows(loaded, patterns, 10)
