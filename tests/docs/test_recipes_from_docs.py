"""The complete examples of docs/relations.md, one a source: RelationGen makes their tuples."""

import re
from pathlib import Path

import pytest
import yaml

from components.relation_gen.cli import main
from relation.load import load_recipe
from tests.docs.pages import DOCS, write_rows
from tests.relation_gen.helpers import tuples
from trainer_module.metrics.gates import check_gates
from trainer_module.validate import check_model

PAGE = (DOCS / "relations.md").read_text()
EXAMPLES = {
    part.partition("\n")[0]: dict(
        re.findall(r"^`([\w.]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", part, re.M | re.S)
    )
    for part in PAGE.split("\n### ")[1:]
}
EXAMPLES = {title: files for title, files in EXAMPLES.items() if files}


def made(title: str, folder: Path) -> list[dict]:
    """The tuples of an example, all of whose rows are in the split `train`."""
    files = EXAMPLES[title]
    for name, text in files.items():
        (folder / name).write_text(text)
    (recipe,) = [name for name in files if name.endswith(".yaml")]
    data = load_recipe(str(folder / recipe)).recipe.data
    inputs = []
    for name, part in {**data.entities, **data.edges}.items():
        if part.path is not None:
            write_rows(
                folder / name / "Split-train" / "rows", files[part.path], files[part.schema_path]
            )
            inputs += ["--input", f"{name}={folder}/{name}/Split-*/*"]
    output = folder / "out"
    assert main(["--recipe", str(folder / recipe), *inputs, "--output", str(output)]) == 0
    return tuples(output, "train")


def ids(one: dict) -> tuple[str, ...]:
    return tuple(value.decode() for name, value in one.items() if re.fullmatch(r"[a-z]+_id", name))


def test_there_is_an_example_of_each_source():
    recipes = [
        yaml.safe_load(text) for f in EXAMPLES.values() for n, text in f.items() if "yaml" in n
    ]
    assert [recipe["relation"]["source"]["type"] for recipe in recipes] == [
        *("same_label", "edges", "labels", "labels", "graded_group", "row", "function")
    ]


def test_same_label(tmp_path):
    found = made("Same label", tmp_path)
    assert len(found) == 12  # Each of 6 shoes is the anchor of 2 triplets.
    for one in found:
        assert one["anchor_model"] == one["positive_model"] != one["negative_model"]
        assert one["negative_prob"] == 0.25


def test_a_model_for_the_shoes(tmp_path):
    (continued,) = re.findall(r"^```yaml\n(model:.*?)^```$", PAGE, re.M | re.S)
    (tmp_path / "shoes.pbtxt").write_text(EXAMPLES["Same label"]["shoes.pbtxt"])
    (tmp_path / "shoes.yaml").write_text(EXAMPLES["Same label"]["shoes.yaml"] + continued)
    loaded = load_recipe(str(tmp_path / "shoes.yaml"))
    check_model(loaded.recipe.model, loaded.tuples, {"shoe": loaded.features})
    check_gates(loaded.tuples, loaded.recipe.evaluation)
    assert [feature.name for feature in loaded.features] == ["price"]


def test_edges(tmp_path):
    found = made("Edges", tmp_path)
    edges = sorted((one["anchor_user_id"], one["positive_item_id"]) for one in found)
    assert edges == [(b"u1", b"i1"), (b"u2", b"i1"), (b"u2", b"i3")]
    rated = {b"u1": {b"i1", b"i2", b"i4"}, b"u2": {b"i1", b"i3"}}
    assert all(one["negative_item_id"] not in rated[one["anchor_user_id"]] for one in found)


def test_tags_of_a_row(tmp_path):
    found = {one["example_id"]: one["relation"] for one in made("Labels: tags of a row", tmp_path)}
    assert found == {b"p1": [1, 0, 0], b"p2": [0, 0, 1], b"p3": [0, 1, 0]}


def test_a_tag_as_the_other_member(tmp_path):
    found = made("Labels: a tag as the other member", tmp_path)
    assert len(found) == 6
    for one in found:
        assert (one["right_id"] == one["left_tags"]) == bool(one["relation"])
    assert sum(one["relation"] for one in found) == 3


def test_graded_groups(tmp_path):
    found = made("Graded groups", tmp_path)
    pairs = {
        (one["preferred_id"], one["other_id"], one["query_id"]): one["relation"] for one in found
    }
    assert pairs == {
        (b"d1", b"d2", b"q1"): 2,
        (b"d1", b"d3", b"q1"): 1,
        (b"d3", b"d2", b"q1"): 1,
        (b"d4", b"d5", b"q2"): 1,
    }


def test_inline_tuples(tmp_path):
    found = {
        one["left_id"]: one for one in made("Inline tuples: rows that hold their members", tmp_path)
    }
    assert found[b"a1"]["relation"] == 1
    assert found[b"a1"]["right_title"] == b"shoe (red)"
    assert found[b"a2"]["relation"] == 0
    assert found[b"a2"]["right_id"] != found[b"a1"]["right_id"]


def test_functions(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    found = made("Functions", tmp_path)
    assert len(found) == 6
    for one in found:
        assert one["relation"] == pytest.approx(1 - abs(one["left_alcohol"] - one["right_alcohol"]))
