"""The output of a run that fails: its cause, once, in one sentence."""

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest
import tensorflow as tf

from tests.e2e.helpers import (
    SCHEMA,
    digit_rows,
    row_of,
    run_cli,
    write_recipe,
    write_rows,
)
from trainer_module.registry import LOSSES

pytestmark = pytest.mark.e2e

ROWS = 60
FLOAT_FEATURE = """
feature { name: "x" type: FLOAT presence { min_fraction: 1.0 } value_count { min: 1 max: 1 } }
"""


@pytest.fixture(scope="module")
def rows():
    return digit_rows(ROWS)


class Project:
    """A recipe, its schema and its rows in a folder, to be damaged."""

    def __init__(self, folder: Path, rows):
        self.runs = folder / "runs"
        self.schema = folder / "schema.pbtxt"
        self.file = folder / "rows" / "part.gz"
        self.recipe = folder / "quick.yaml"
        self.changes: dict[str, object] = {}
        self.rows = [tf.train.Example.FromString(row.SerializeToString()) for row in rows]
        shutil.copy(SCHEMA, self.schema)

    def feature(self, row, name):
        return self.rows[row].features.feature[name]

    def write(self):
        write_recipe(self.recipe, self.changes)
        if not self.file.exists():
            write_rows(self.file, self.rows)


@pytest.fixture
def project(tmp_path, rows):
    return Project(tmp_path, rows)


def check_failed(outcome, sentence, node):
    """One sentence, at the end; no traceback; no partial model; and the same in the verdict."""
    assert outcome.status == 1, outcome.terminal
    assert "Traceback" not in outcome.terminal
    assert outcome.lines[-1][:2] == (node, "failed")
    text = outcome.terminal.partition("\nFAILED: ")[2]
    cause, _, rest = text.partition("\n  log ")
    assert re.match(sentence, cause, re.DOTALL), outcome.terminal
    assert len(rest.strip().splitlines()) == 1
    assert Path(rest.strip()).is_file()
    assert outcome.verdict["verdict"] == "failed"
    assert outcome.verdict["cause"] == cause
    assert outcome.versions == []


def drop_image(project):
    for row in project.rows:
        del row.features.feature["image"]


def label_as_text(project):
    for row in project.rows:
        [value] = row.features.feature["label"].int64_list.value
        row.features.feature["label"].bytes_list.value[:] = [b"%d" % value]


def label_out_of_domain(project):
    project.feature(5, "label").int64_list.value[:] = [12]


def no_tfrecord(project):
    project.file.parent.mkdir()
    project.file.write_text("id,image,label\n" * 100)


def no_example(project):
    project.rows[9] = b"\xff\xff no protocol buffer"


def no_image(project):
    for row in (7, 11):
        project.feature(row, "image").bytes_list.value[:] = [b"\x89PNG but no more"]


def not_a_number(project):
    project.schema.write_text(project.schema.read_text() + FLOAT_FEATURE)
    project.changes["model.features"] = ["image"]
    for number in range(ROWS):
        value = float("nan") if number == 3 else 0.5
        project.feature(number, "x").float_list.value.append(value)


def empty_split(project):
    project.changes["data.split"] = {"train": 1000, "eval": 1}


def one_class(project):
    for number in range(ROWS):
        project.feature(number, "label").int64_list.value[:] = [3]


def one_member_each(project):
    project.schema.write_text(project.schema.read_text().replace("max: 9 ", "max: 99 "))
    for number in range(ROWS):
        project.feature(number, "label").int64_list.value[:] = [number]


def no_file(project):
    project.changes["data.entities.item"] = {"schema": "schema.pbtxt", "path": "lines/*.gz"}


BAD_ROWS = [
    (no_file, "EntityGen", r"\S+/lines/\*\.gz: no file matches"),
    (no_tfrecord, "EntityGen", r"\S+/part\.gz: record 1: \w+; is it a TFRecord file\?$"),
    (
        no_example,
        "EntityGen",
        rf"1 of {ROWS} rows cannot be used: \S+/part\.gz: record 10 is not a tf\.Example$",
    ),
    (empty_split, "EntityGen", rf"split 'eval' is empty: the {ROWS} rows all fell into other"),
    (
        drop_image,
        "EntityValidator",
        r"the rows do not match the schema, 2 anomalies:\n"
        r"  split 'train': feature 'image': Column dropped",
    ),
    (
        label_as_text,
        "EntityValidator",
        r"the rows do not match the schema, 2 anomalies:\n"
        r"  split 'train': feature 'label': Unexpected data type.*Expected data of type: INT",
    ),
    (
        label_out_of_domain,
        "EntityValidator",
        r"the rows do not match the schema, 1 anomaly:\n"
        r"  split '\w+': feature 'label': Out-of-range values.*12",
    ),
    (
        no_image,
        "RelationGen",
        r"some rows cannot be used: .*image.*2.*'digit-0007', 'digit-0011'",
    ),
    (not_a_number, "RelationGen", r"some rows cannot be used: .*nan.*1.*'digit-0003'"),
    (one_class, "RelationGen", r"split '\w+': feature 'label' has only the value '3'"),
    (
        one_member_each,
        "RelationGen",
        r"split '\w+': no two of the \d+ rows have the same value",
    ),
]


@pytest.mark.parametrize(
    ("spoil", "node", "sentence"), BAD_ROWS, ids=[case[0].__name__ for case in BAD_ROWS]
)
def test_bad_rows_stop_the_run_before_it_trains(spoil, node, sentence, project, worker):
    spoil(project)
    project.write()
    check_failed(worker.run(project.recipe, project.runs), sentence, node)


def test_a_truncated_file_from_the_command_line(project):
    project.write()
    whole = gzip.compress(gzip.decompress(project.file.read_bytes()))
    project.file.write_bytes(whole[:-200])
    sentence = r"\S+/part\.gz: truncated gzip: it ends after \d+ unpacked bytes$"
    check_failed(run_cli(project.recipe, project.runs), sentence, "EntityGen")


def test_rows_that_may_be_skipped_are_counted_and_the_run_goes_on(project, worker):
    """Undecodable images, ids that come twice, and a class of one row."""
    rows = digit_rows(200)
    project.rows = [row for row in rows if row.features.feature["label"].int64_list.value[0] != 9]
    kept = len(project.rows)
    no_image(project)
    image = project.feature(20, "image").bytes_list.value[0]
    project.rows.append(row_of(b"alone", image, 9))
    project.rows.append(row_of(project.feature(30, "id").bytes_list.value[0], image, 0))
    project.rows.append(project.rows[40])
    project.changes["data.bad_rows"] = "skip"
    project.write()
    outcome = worker.run(project.recipe, project.runs)
    assert outcome.status in (0, 3), outcome.terminal
    [stats] = (outcome.folder / "pipeline" / "RelationGen").rglob("relation_stats.json")
    splits = json.loads(stats.read_text())["splits"].values()
    skipped = {}
    for split in splits:
        for reason, count in split["skipped"].items():
            skipped[reason] = skipped.get(reason, 0) + count
    assert skipped == {"image_undecodable": 2, "conflicting_id": 1, "duplicate_id": 1}
    assert sum(split["rows_read"] for split in splits) == kept + 3
    terminal = " ".join(outcome.terminal.split())  # A long summary is wrapped.
    assert "; item: 4 skipped (conflicting_id 1, duplicate_id 1, image_undecodable 2)" in terminal


CASES = {
    "unknown key": (
        {"training.epoch": 3},
        r"training\.epoch: unknown key \(value 3\); expected one of",
    ),
    "wrong type": ({"training.epochs": "many"}, r"training\.epochs: got 'many'; .*integer"),
    "out of range": (
        {"training.epochs": 0},
        r"training\.epochs: got 0; .*greater than or equal to 1",
    ),
    "missing key": (
        {"relation.source.feature": None},
        r"relation\.source\.feature: missing; it is req",
    ),
    "missing schema": (
        {"data.entities.item": {"schema": "absent.pbtxt", "path": "rows/*.gz"}},
        r"data\.entities\.item\.schema: got 'absent\.pbtxt'; expected a file, but there is neither",
    ),
    "unknown feature": (
        {"relation.source.feature": "digit"},
        r"relation\.source\.feature: got 'digit'; expected a feature of .*: id, image, label$",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_recipe_is_reported_in_one_line(case, project):
    project.changes, sentence = CASES[case]
    project.write()
    outcome = run_cli(project.recipe, project.runs)
    assert outcome.status == 2
    [line] = [line for line in outcome.terminal.splitlines() if not line.startswith("quick: ")]
    assert re.search(rf"^Error: (\S+/quick\.yaml:(\d+:)? )?{sentence}", line), line
    assert outcome.lines == []
    assert outcome.versions == []


def test_an_unknown_component_is_reported_and_the_verdict_is_failed(project, worker):
    project.changes["model.loss"] = {"type": "tripplet"}
    project.write()
    outcome = worker.run(project.recipe, project.runs)
    assert outcome.status == 2
    [line] = outcome.terminal.splitlines()
    names = ", ".join(LOSSES.names)
    cause = f"model.loss.type: got 'tripplet'; expected one of {names}; did you mean 'triplet'?"
    assert re.fullmatch(rf"Error: {re.escape(str(project.recipe))}:\d+: {re.escape(cause)}", line)
    assert outcome.verdict["verdict"] == "failed"
    assert outcome.verdict["cause"] == line.removeprefix("Error: ")


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (
            "digit_triplets",
            "recipe 'digit_triplets': no such recipe; shipped ones are digits_batch_all, ",
        ),
        ("./absent.yaml", "recipe './absent.yaml': no such file (/"),
    ],
)
def test_a_missing_recipe_is_reported_in_one_line(recipe, sentence, tmp_path):
    outcome = run_cli(recipe, tmp_path / "runs")
    assert outcome.status == 2
    assert outcome.terminal.startswith(f"Error: {sentence}")
    assert len(outcome.terminal.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_colliding_feature_names_are_reported_in_one_line(project):
    """`anchor` + `id` and the id, which travels as `<role>_id`."""
    text = SCHEMA.read_text()
    project.schema.write_text(
        text.replace('name: "id"', 'name: "key"') + FLOAT_FEATURE.replace('"x"', '"id"')
    )
    item = {"schema": "schema.pbtxt", "path": "rows/*.gz", "id": "key"}
    project.changes = {"data.entities.item": item}
    project.write()
    outcome = run_cli(project.recipe, project.runs)
    assert outcome.status == 2
    [line] = outcome.terminal.splitlines()
    assert "data.entities.item.id: got 'key', but" in line
    assert "also has a feature 'id', and `<role>_id` can hold only one of them" in line


def test_an_output_folder_that_cannot_be_written_is_reported_in_one_line(project, tmp_path):
    project.write()
    (tmp_path / "file").touch()  # Below a file nobody can write, not even root.
    outcome = run_cli(project.recipe, tmp_path / "file" / "runs")
    assert outcome.status == 2
    [line] = outcome.terminal.splitlines()
    assert line.startswith(
        f"Error: {tmp_path}/file/runs/quick: the output folder cannot be written ("
    )
