"""Inline SVG: colours are CSS variables, ids are unique, text stays text."""

import contextlib
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest

from components.report.render import figures
from components.report.render.svg import GOOD, INK, Drawing, inline_svg
from tests.report.helpers import HOSTILE

TEXT = "{http://www.w3.org/2000/svg}text"


def drawn(label="a label", name="one"):
    drawing = Drawing()
    with drawing as axes:
        axes.plot([0, 1], [1, 0], color=GOOD)
        axes.text(0.5, 0.5, label, color=INK)
    return drawing.svg(name, label)


def test_colours_are_the_pages():
    svg = drawn()
    assert "stroke: var(--good)" in svg
    assert "fill: var(--ink)" in svg
    # No colour is left that dark mode would not change; black is what nothing says.
    assert set(re.findall(r"#[0-9a-f]{6}", svg)) == set()
    assert "<style" not in svg  # It would hold for all of the page.


@pytest.mark.parametrize("error", [None, ValueError])
def test_settings_of_other_drawings_come_back(error):
    before = dict(mpl.rcParams)
    drawing = Drawing()  # Once it is collected they would come back anyhow.
    with contextlib.suppress(ValueError), drawing:
        assert dict(mpl.rcParams) != before
        if error:
            raise error
    assert dict(mpl.rcParams) == before


def test_it_has_no_size_of_its_own_but_a_view():
    head = drawn().split(">")[0]
    assert " width=" not in head
    assert " height=" not in head
    assert re.search(r'viewBox="0 0 \d+\.\d+ \d+\.\d+"', head)


def test_ids_are_its_own_and_links_follow():
    one, two = ET.fromstring(drawn(name="one")), ET.fromstring(drawn(name="two"))
    ids = [{e.get("id") for e in svg.iter() if e.get("id")} for svg in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, names in zip((one, two), ids, strict=True):
        for element in svg.iter():
            for value in element.attrib.values():
                for target in re.findall(r"^#(.+)|url\(#(.+)\)", value):
                    assert "".join(target) in names


def test_drawing_again_gives_the_same():
    assert drawn() == drawn()


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_escaped_and_no_formula(text):
    line = " ".join("".join(c for c in text if c.isprintable()).split())
    svg = ET.fromstring(drawn(line))
    assert line in [element.text or "" for element in svg.iter(TEXT)] or not line
    assert svg.get("aria-label") == line
    assert not [e for e in svg.iter() if e.tag.endswith(("script", "img"))]


def test_what_looks_like_a_colour_in_a_text_is_left():
    assert "var(" not in inline_svg(f"<svg><text>{GOOD}</text></svg>", "x", "y")


def test_a_histogram_of_equal_scores():
    figure = figures.two_histograms(np.ones(3), np.ones(2), None)
    assert "median 1; unrelated pairs: median 1" in figure.description


@pytest.mark.parametrize("threshold", [None, -5.0, 0.35, 0.9, 50.0])
def test_curves_take_any_threshold(threshold):
    related = np.array([True, False, True, False])
    scores = np.array([0.9, 0.1, 0.4, 0.35])
    for draw in (figures.roc, figures.precision_recall):
        ET.fromstring(draw(related, scores, threshold).svg)
