"""Pages of all shipped recipes in a browser: nothing runs, is fetched, missing or too wide."""

import os

import pytest

from components.report.build import page
from components.report.render.html import MAX_BYTES, html
from relation.load import RECIPES
from tests.report.browser import Browser, program
from tests.report.helpers import evidence_of

SHIPPED = sorted(path.stem for path in RECIPES.glob("*.yaml"))
WIDTHS = (360, 1280)
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "nav", "div"),
    *("h1", "h2", "h3", "p", "span", "a", "ul", "li", "dl", "dt", "dd", "figure", "figcaption"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "img"),
    *("svg", "g", "path", "defs", "use", "text", "clippath", "rect"),
}
PROBE = """({
  harmed: window.harmed === undefined ? null : window.harmed,
  wide: document.documentElement.scrollWidth,
  width: document.documentElement.clientWidth,
  missing: [...document.images].filter(i => !i.complete || !i.naturalWidth).length,
  nameless: [...document.images].filter(i => !i.alt).length,
  elements: [...new Set([...document.querySelectorAll("*")].map(e => e.localName.toLowerCase()))],
  handlers: [...document.querySelectorAll("*")].flatMap(e => e.getAttributeNames())
    .filter(name => name.startsWith("on")).length,
  repeated: [...document.querySelectorAll("[id]")].length
    - new Set([...document.querySelectorAll("[id]")].map(e => e.id)).size,
  dangling: [...document.querySelectorAll("a[href^='#'], use")]
    .map(e => e.getAttribute("href") || e.getAttribute("xlink:href"))
    .filter(href => !document.getElementById(href.slice(1))).length,
  headless: [...document.querySelectorAll("table")].filter(t => !t.querySelector("th[scope]")
    || !t.caption).length,
  unlabelled: [...document.querySelectorAll("figure svg")]
    .filter(s => !s.getAttribute("aria-label")).length,
  text: document.body.innerText,
})"""


@pytest.fixture(scope="module")
def browser():
    if program() is None:
        assert not os.environ.get("CI"), "CI has a chromium: .ci/run installs it"
        pytest.skip("needs chromium")
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module", params=SHIPPED)
def written(request, tmp_path_factory):
    """Return the page of a recipe with hostile text."""
    path = tmp_path_factory.mktemp("page") / "index <b>&.html"
    path.write_text(html(page(evidence_of(request.param))), encoding="utf-8")
    return path


def test_the_page_of_every_recipe(written, browser):
    assert written.stat().st_size < MAX_BYTES
    for width in WIDTHS:
        browser.open(written, width=width)
        state = browser.evaluate(PROBE)
        assert state["wide"] <= state["width"] <= width
        assert set(state["elements"]) <= ELEMENTS
        for fault in ("missing", "nameless", "handlers", "repeated", "dangling", "headless"):
            assert state[fault] == 0, fault
        assert state["unlabelled"] == 0
        assert state["harmed"] is None
        assert "<script>window.harmed = 1</script>" in state["text"]
        assert not browser.heard("Runtime.exceptionThrown")
        assert not browser.heard("Log.entryAdded")
        fetched = [event["request"]["url"] for event in browser.heard("Network.requestWillBeSent")]
        assert [url for url in fetched if not url.startswith("data:")] == [written.as_uri()]


CUT = """[...document.querySelectorAll(".scroll")]
  .filter(s => s.scrollWidth > s.clientWidth + 1).map(s => s.getAttribute("aria-label"))"""
SHADOWS = 'getComputedStyle(document.querySelector(".scroll")).backgroundAttachment'
PHONE, PAPER = 390, 700
"""Widths in pixels: of a phone; of A4 within its margins."""


@pytest.mark.parametrize(
    "written", ["relation_class", "image_tags", "search_ranking_lists"], indirect=True
)
def test_wide_tables_show_that_they_scroll_and_are_whole_on_paper(written, browser):
    browser.open(written, width=PHONE)
    assert browser.evaluate(CUT)
    # Covers that move with the content, over shadows that stay at the edges.
    assert browser.evaluate(SHADOWS) == "local, local, scroll, scroll, scroll"
    browser.open(written, width=PAPER, media="print")
    assert browser.evaluate(CUT) == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= PAPER


def test_dark_and_print_change_the_colours(tmp_path, browser):
    path = tmp_path / "index.html"
    path.write_text(html(page(evidence_of("digits_triplets"))), encoding="utf-8")
    paper = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('figure svg text')).fill"
    shown = []
    for options in ({}, {"dark": True}, {"dark": True, "media": "print"}):
        browser.open(path, width=1280, **options)
        shown.append((browser.evaluate(paper), browser.evaluate(ink)))
    light, dark, printed = shown
    assert light == ("rgb(251, 251, 249)", "rgb(89, 97, 105)")
    assert dark == ("rgb(19, 22, 25)", "rgb(163, 173, 181)")
    assert printed == ("rgb(255, 255, 255)", "rgb(68, 68, 68)")
    hidden = "getComputedStyle(document.querySelector('nav')).display"
    assert browser.evaluate(hidden) == "none"  # Links lead nowhere on paper.
