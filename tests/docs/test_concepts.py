"""The worked example of docs/concepts.md is what RelationGen does with its nine rows."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from components.relation_gen.cli import main
from docs.figures import concepts
from docs.figures.example import ANCHOR, ROWS, index, negative, positive, range_of
from relation.load import load_recipe
from tests.docs.pages import DOCS, blocks, write_rows
from tests.relation_gen.helpers import tuples

PAGE = (DOCS / "concepts.md").read_text()
IDS = [entry.id for entry in index()]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What RelationGen's command line makes of the page's rows, schema and recipe."""
    folder = tmp_path_factory.mktemp("concepts")
    (table,), (schema,), (recipe,) = (blocks("concepts.md", of) for of in ("csv", "proto", "yaml"))
    (folder / "animals.pbtxt").write_text(schema)
    (folder / "animals.yaml").write_text(recipe)
    assert load_recipe(str(folder / "animals.yaml")).recipe.name == "animals"
    write_rows(folder / "Split-train" / "animals", table, schema)
    pattern, made = f"{folder}/Split-*/*", folder / "out"
    recipe_file = str(folder / "animals.yaml")
    assert main(["--recipe", recipe_file, "--input", pattern, "--output", str(made)]) == 0
    return made


def test_the_rows_are_those_of_the_picture() -> None:
    (table,) = blocks("concepts.md", "csv")
    rows = {
        row["id"]: (row["kind"], int(row["legs"])) for row in csv.DictReader(table.splitlines())
    }
    assert rows == ROWS


def test_relation_gen_makes_the_draws_of_the_page(output: Path) -> None:
    made = {one["anchor_id"].decode(): one for one in tuples(output, "train")}
    assert set(made) == set(ROWS) - {"eel"}
    for anchor, one in made.items():
        assert one["positive_id"].decode() == IDS[positive(anchor).position]
        assert one["negative_id"].decode() == IDS[negative(anchor).position]
        assert one["negative_prob"] == pytest.approx(1 / negative(anchor).size)


def test_the_tuple_is_that_of_the_page(output: Path) -> None:
    (made,) = [one for one in tuples(output, "train") if one["anchor_id"].decode() == ANCHOR]
    section = PAGE[PAGE.index("## The tuple") :]
    shown = dict(re.findall(r"\| `((?:anchor|positive|negative)_\w+)` \| ([\w.]+)", section))
    assert {name: _text(value) for name, value in made.items()} == shown


def test_the_shortfall_is_that_of_the_page(output: Path) -> None:
    stats = json.loads((output / "relation_stats.json").read_text())["splits"]["train"]
    assert (stats["tuples_requested"], stats["tuples"]) == (9, 8)
    assert stats["shortfall"] == {"no_positive": 1}


def test_the_index_is_that_of_the_page() -> None:
    rows = re.findall(r"^\| (\d) \| (\w+) \| (\w+) \| `(\w+)…` \| `(\w+)…` \|$", PAGE, re.MULTILINE)
    assert rows == [
        (str(number), entry.id, entry.kind, f"{entry.group:016x}"[:8], f"{entry.priority:016x}"[:8])
        for number, entry in enumerate(index())
    ]


def test_the_draws_are_those_of_the_page() -> None:
    start, end = range_of(ANCHOR)
    assert (
        f"positions {start} to {end - 1}, and `{ANCHOR}` itself is at {IDS.index(ANCHOR)}" in PAGE
    )
    for word, draw in (("Positive", positive(ANCHOR)), ("Negative", negative(ANCHOR))):
        (line,) = re.findall(rf"- \*\*{word}\*\*: (.*(?:\n  .*)*)", PAGE)
        line = " ".join(line.split())
        assert line.startswith(f"{draw.size} ")
        assert f"`{draw.bits:016x}"[:9] in line
        assert f"rank {draw.rank}." in line
        assert f"{draw.position}: `{IDS[draw.position]}`." in line


def test_the_picture_is_current(tmp_path: Path) -> None:
    concepts.draw().save(tmp_path / "concepts.svg")
    found, expected = (_words(folder / "concepts.svg") for folder in (DOCS, tmp_path))
    assert found
    assert found == expected, "run `make reference`"


def _words(svg: Path) -> list[str]:
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", svg.read_text())


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else f"{value:g}"
