"""Links between pages lead to files and headings that there are."""

import re

import pytest

from relation.load import PROJECT
from tests.docs.pages import DOCS

PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_links_lead_somewhere(page):
    broken = []
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        target, _, heading = link.partition("#")
        if re.match(r"https?:", target):
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (heading and heading not in anchors(file.read_text())):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_paths_are_there(page):
    if page.parent.name == "how-to":
        pytest.skip("names the file that the reader writes")
    rooms = "relation|components|trainer_module|pipeline|schemas|demo_data|bench|tests|scripts"
    paths = re.findall(rf"`((?:{rooms})/[\w/.]+)`", page.read_text())
    assert [path for path in paths if not (PROJECT / path).exists()] == []
