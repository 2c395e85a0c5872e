"""Rows are read for scoring as the pipeline reads them: missing values, derived ids, images."""

import pytest
import yaml

from components.entity_gen.component import EntityGen
from components.entity_gen.custom_config import unpack
from components.entity_gen.transforms import ReadRows
from pipeline.score.rows import Rejections, entity_rows
from pipeline.stages.ingest import _rows as entity_gen
from relation.core.errors import DataError
from relation.load import load_recipe
from trainer_module.build_request import training_request
from trainer_module.model.interface import ServedInterface

SCHEMA = """
feature {{ name: "id" type: {id} presence {{ min_fraction: 1 }} }}
feature {{ name: "label" type: BYTES presence {{ min_fraction: 1 }} }}
{more}
"""
PNG = b"\x89PNG\r\n\x1a\n"
"""Readers do not decode."""
NUMBER = 'feature { name: "x" type: FLOAT }'
IMAGE = 'feature { name: "image" type: BYTES image_domain {} }'
MODEL = {
    "tower": {"type": "dense", "embedding": 4},
    "head": {"type": "distance"},
    "loss": {"type": "triplet"},
}


class Case:
    """A recipe with rows of one format, and its interface."""

    def __init__(self, folder, item, more=NUMBER, id_type="BYTES"):
        (folder / "s.pbtxt").write_text(SCHEMA.format(id=id_type, more=more))
        raw = {
            "name": "small",
            "data": {"entities": {"item": {"schema": "s.pbtxt", **item}}},
            "relation": {"type": "triplets", "source": {"type": "same_label", "feature": "label"}},
            "model": MODEL,
            "evaluation": {"gates": {"auc": {"min": 0.5}}},
        }
        (folder / "r.yaml").write_text(yaml.safe_dump(raw))
        self.loaded = load_recipe(str(folder / "r.yaml"))
        self.pattern = str(folder / item["path"])
        request = training_request(self.loaded)
        self.interface = ServedInterface(
            ids=self.loaded.compiled.entities,
            features=request.preprocessing.features,
            relation=self.loaded.tuples,
            scored=("anchor", "positive"),
            compiled=self.loaded.compiled,
            schemas=request.schemas,
            readings=request.readings,
        )

    def ids(self, pattern=None, skip_bad_rows=False, numbered=False):
        """Id and features of each row that scoring reads."""
        rejections = Rejections(skip_bad_rows)
        pattern = pattern or self.pattern
        return list(entity_rows(pattern, self.interface, "item", numbered, rejections))

    def pipeline(self, path):
        """Ids of the rows that the pipeline reads, by the properties of its node."""
        node: EntityGen = entity_gen(self.loaded, "item", self.pattern)
        config = unpack(node.exec_properties["custom_config"])
        rows = ReadRows(config.reading, config.folder, config.keys).process(str(path))
        return [row.features.feature["id"].bytes_list.value[0].decode() for row in rows]


def test_texts_that_the_recipe_calls_missing_are_missing(tmp_path):
    (tmp_path / "rows.csv").write_text("id,label,x\na,k,?\nb,k,1.5\n")
    case = Case(tmp_path, {"path": "rows.csv", "format": "csv", "missing": ["?"]})
    rows = case.ids()
    assert [row.id for row in rows] == ["a", "b"]
    assert b"x" not in rows[0].example
    assert b"x" in rows[1].example


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_derived_ids_are_those_of_the_pipeline(tmp_path, name):
    text = {
        "rows.csv": "x,label\n1.5,k\n2.5,l\n",
        "rows.jsonl": '{"x": 1.5, "label": "k"}\n{"x": 2.5, "label": "l"}\n',
    }[name]
    (tmp_path / name).write_text(text)
    item = {"path": name, "format": name.rpartition(".")[2], "derive_id": True}
    case = Case(tmp_path, item)
    ids = [row.id for row in case.ids()]
    assert ids == case.pipeline(tmp_path / name)
    assert len(set(ids)) == 2
    # Without the label a row has an id still, though another one.
    (tmp_path / "new.csv").write_text("x\n1.5\n2.5\n")
    new = [row.id for row in case.ids(str(tmp_path / "new.csv"))]
    assert len(set(new)) == 2
    assert not set(new) & set(ids)


def test_paths_in_a_manifest_are_images(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "list.csv").write_text("id,label,image\n1,k,a.png\n2,k,gone.png\n")
    item = {"path": "list.csv", "format": "image_manifest"}
    case = Case(tmp_path, item, IMAGE)
    with pytest.raises(DataError) as error:
        case.ids()
    assert str(error.value) == (
        f"{tmp_path}/list.csv: line 3, column 'image': there is no file {tmp_path}/gone.png"
    )
    [row] = case.ids(skip_bad_rows=True)
    assert row.id == "1"
    assert PNG in row.example
    # A list of paths is read so, whatever the format in training was.
    folder = Case(tmp_path, {"path": "*/*", "format": "image_folder"}, IMAGE)
    assert folder.ids(str(tmp_path / "list.csv"), skip_bad_rows=True) == [row]


def test_files_in_nested_folders_have_the_ids_of_the_pipeline(tmp_path):
    for name in ("latin/a/1.png", "greek/a/1.png"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(PNG)
    (tmp_path / "data/latin/a/notes.txt").write_text("no image")
    case = Case(
        tmp_path,
        {"path": "data/*/*/*", "format": "image_folder"},
        IMAGE + 'feature { name: "folder_1" type: BYTES }',
    )
    assert [row.id for row in case.ids()] == ["greek/a/1.png", "latin/a/1.png"]
    assert case.pipeline(tmp_path / "data/latin/a/1.png") == ["latin/a/1.png"]


def test_the_format_is_that_of_training_where_a_name_tells_none(tmp_path):
    (tmp_path / "table.data").write_text("id,label,x\na,k,1\n")
    case = Case(tmp_path, {"path": "table.data", "format": "csv"})
    assert [row.id for row in case.ids()] == ["a"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"id": "", "x": 1}', "record 1 has an empty id feature 'id'"),
        ('{"x": 1}', "record 1 has no id feature 'id'"),
        (
            '{"id": ["a", "b"], "x": 1}',
            "record 1 has 2 values in its id feature 'id'; expected one",
        ),
    ],
)
def test_an_id_is_checked_as_in_the_pipeline(tmp_path, text, fault):
    (tmp_path / "rows.jsonl").write_text(text)
    case = Case(tmp_path, {"path": "rows.jsonl", "format": "jsonl"})
    with pytest.raises(DataError) as error:
        case.ids()
    assert str(error.value) == f"{tmp_path}/rows.jsonl: {fault}"
    assert case.ids(skip_bad_rows=True) == []
    assert [row.id for row in case.ids(numbered=True)] == ["1"]


def test_an_integer_id_is_no_float(tmp_path):
    (tmp_path / "rows.csv").write_text("id,label,x\n1.5,k,1\n")
    case = Case(tmp_path, {"path": "rows.csv", "format": "csv"}, id_type="INT")
    with pytest.raises(DataError, match=r"column 'id': got '1\.5'; expected an integer"):
        case.ids()


def test_a_model_of_before_is_read_by_the_features_of_its_tower(tmp_path):
    (tmp_path / "rows.csv").write_text("id,x\na,?\n")
    case = Case(tmp_path, {"path": "rows.csv", "format": "csv", "missing": ["?"]})
    case.interface = case.interface.model_copy(
        update={"compiled": None, "schemas": {}, "readings": {}}
    )
    with pytest.raises(DataError, match=r"column 'x': got '\?'; expected a number"):
        case.ids()
