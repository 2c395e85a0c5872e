import itertools
import re

import pytest

from pipeline.reference import fits
from pipeline.reference.__main__ import DOCS
from pipeline.reference.markdown import table
from pipeline.reference.pages import pages
from relation.retrieval import measures
from trainer_module.metrics.registry import metrics_of

PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name], "run `make reference`"


@pytest.mark.parametrize("name", sorted({*PAGES} - {"recipe.schema.json"}))
def test_every_key_has_a_meaning(name: str) -> None:
    rows = [line for line in PAGES[name].splitlines() if line.startswith("| `")]
    assert not [row for row in rows if row.endswith("|  |")]


def test_sections_of_the_recipe_are_there() -> None:
    titles = re.findall(r"^## (.*)$", PAGES["recipe.md"], re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert len(anchors) == len(titles)
    assert set(re.findall(r"\(#([^)]*)\)", PAGES["recipe.md"])) <= anchors


def test_what_fits_is_what_the_checks_say() -> None:
    rows = [line for line in PAGES["heads-and-losses.md"].splitlines() if line.startswith("| `")]
    (tags,) = [row for row in rows if row.startswith("| `tags` (numbers")]
    assert "| `tag` |" in tags
    assert "`focal`" in tags
    (images,) = [row for row in rows if "`image`" in row]
    assert images.endswith("| `image` | `image_l1`, `image_l2`, `image_mixture`, `image_ssim` |")
    assert not [row for row in rows if "`contrastive`" in row and "`distance`" not in row]
    assert all(
        "`triplets`" in row for row in rows if "`soft_triplet`" in row and "ranked" not in row
    )


def test_the_choices_to_begin_with_fit_each_other() -> None:
    """The table of docs/relations.md, by the checks that a recipe goes through."""
    text = (DOCS.parent / "relations.md").read_text(encoding="utf-8")
    lines = text[text.index("| relation type (label) | head | loss | gate |") :].splitlines()[2:]
    tried = set()
    for line in itertools.takewhile(lambda line: line.startswith("| `"), lines):
        kinds, heads, losses, gates = (
            re.findall(r"`(\w+)`", cell) for cell in line.split("|")[1:5]
        )
        (label,) = re.findall(r"\((\w+)\)", line.split("|")[1]) or [""]
        own = "levels" in kinds
        for case in fits.CASES:
            labelled = "levels" in case.label if own else case.label.startswith(label)
            if case.relation_type in kinds and labelled:
                tried.add(case)
                metrics = metrics_of(case.relations[0])
                assert fits._fits(case, heads[0], losses[0]), line
                assert set(gates) <= {*metrics, *measures.names()}, line
    assert tried == set(fits.CASES)


def test_a_key_is_a_row_of_type_default_range_and_meaning() -> None:
    schema = {
        "properties": {
            "type": {"const": "huber"},
            "delta": {
                "type": "number",
                "default": 1.0,
                "exclusiveMinimum": 0,
                "description": "Where |error|\nturns linear.",
            },
            "dense": {"type": "array", "items": {"type": "integer", "exclusiveMinimum": 0}},
            "group": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
        "required": ["type", "dense"],
    }
    assert table(schema, str, {}).splitlines()[2:] == [
        r"| `delta` | number | `1` | > 0 | Where \|error\| turns linear. |",
        "| `dense` | list of integer | required | each > 0 |  |",
        "| `group` | text | none |  |  |",
    ]
