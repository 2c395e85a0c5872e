"""`python -m pipeline.check`, as a process of its own."""

import subprocess
import sys

import pytest

from pipeline import check

SCHEMA = """
feature { name: "id" type: INT presence { min_fraction: 1 } }
feature { name: "kind" type: INT presence { min_fraction: 1 } int_domain { is_categorical: true } }
feature { name: "x" type: FLOAT presence { min_fraction: 1 } }
"""
RECIPE = """\
name: numbers
description: Numbers of two kinds.
data:
  entities: {item: {schema: item.pbtxt, id: id, path: rows.csv, format: csv}}
  bad_rows: skip
relation:
  type: triplets
  source: {type: same_label, feature: kind}
model:
  tower: {type: dense, dense: [8], embedding: 4}
  head: {type: squared_distance}
  loss: {type: triplet}
training: {epochs: 2, batch_size: 16}
evaluation: {gates: {auc: {min: 0.5}}}
"""
CHECK = """
import sys
from pipeline import check
status = check.main(sys.argv[1:])
print(status, sorted({"tensorflow", "tfx"} & set(sys.modules)))
"""


@pytest.fixture
def recipe(tmp_path):
    """The path of a recipe with 200 rows, one of them without an id."""
    (tmp_path / "item.pbtxt").write_text(SCHEMA)
    rows = [f"{number},{number % 2},{number % 2 + 0.001 * number}" for number in range(199)]
    (tmp_path / "rows.csv").write_text("\n".join(["id,kind,x", *rows, ",1,0.5"]) + "\n")
    (tmp_path / "r.yaml").write_text(RECIPE)
    return tmp_path / "r.yaml"


def test_a_recipe_is_tried_on_its_rows_without_tfx(recipe):
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(recipe)], capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "numbers: Numbers of two kinds.",
        "  recipe            ok: triplets by same_label; tower dense, head squared_distance, loss triplet",
        "  starting TensorFlow, which takes a while …",
        "  rows              item: all 200 rows of 1 file",
    ], done.stderr
    text = done.stdout
    assert "unassigned: 0 rows, 1 rows skipped (no_id 1)\n" in text
    assert "  model             item: x (numeric)" in lines
    # 1 × 8 + 8 of the dense layer, 8 × 4 + 4 of the embedding.
    [weights] = [line for line in lines if "of them trained" in line]
    assert weights.strip().startswith("52 weights, 52 of them trained; loss ")
    assert any(line.startswith("  estimated memory  1 MiB beside") for line in lines)
    assert any(line.startswith("  estimated time    ") for line in lines)
    assert lines[-2:] == [f"ok: make run RECIPE={recipe}", "0 ['tensorflow']"]


def test_a_bad_recipe_ends_before_rows_are_read(recipe, capsys):
    recipe.write_text(RECIPE.replace("feature: kind", "feature: knd"))
    assert check.main([str(recipe)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"Error: {recipe}:8: relation.source.feature: got 'knd'; expected a feature of "
        f"{recipe.parent}/item.pbtxt: id, kind, x; did you mean 'kind'?\n"
    )


def test_the_recipe_alone_is_checked_with_no_rows(recipe, capsys):
    assert check.main([str(recipe), "--rows", "0"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"ok: make run RECIPE={recipe}"
