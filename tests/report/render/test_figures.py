"""What each figure draws: lines, marks, labels and texts, worked out by hand."""

import numpy as np
import pytest

from components.report.render import figures
from components.report.render.svg import (
    ACCENT,
    BAD,
    GOOD,
    GRID,
    INK,
    MUTED,
    PAPER,
    SERIES,
    Drawing,
    palette,
)

DASHED = (0, (4, 3))


@pytest.fixture
def drawn(monkeypatch):
    """The axes of each drawing, with its size in inches."""
    all_axes = []

    class Kept(Drawing):
        def __enter__(self):
            all_axes.append(super().__enter__())
            return all_axes[-1]

    monkeypatch.setattr(figures, "Drawing", Kept)
    return all_axes


def line(axes, number):
    """Points, colour, dashes and marker of a line."""
    one = axes.lines[number]
    points = list(zip(np.asarray(one.get_xdata()), np.asarray(one.get_ydata()), strict=True))
    return points, one.get_color(), one._unscaled_dash_pattern, one.get_marker()


SOLID = (0, None)


def labels(axes):
    return axes.get_xlabel(), axes.get_ylabel()


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def size(axes):
    return tuple(axes.figure.get_size_inches())


def test_two_histograms_are_shares_of_their_own_pairs(drawn):
    related, unrelated = np.array([1.0, 1.0, 0.0, 0.5]), np.array([0.0, 0.0, 0.26])
    figure = figures.two_histograms(related, unrelated, 0.25)
    [axes] = drawn
    assert labels(axes) == ("score: higher = more related", "% of pairs")
    assert legend(axes) == ["unrelated (3)", "related (4)"]
    assert axes.get_legend()._ncols == 2
    assert axes.get_xlim() == (0.0, 1.0)
    stairs = [(patch, patch.get_data()) for patch in axes.patches]
    for patch, data in stairs:
        assert data.edges == pytest.approx(np.linspace(0, 1, 41))
        assert (patch.get_alpha(), patch.get_linewidth()) == (
            (0.4, 0) if patch.get_fill() else (None, 1.6)
        )
    values = [data.values for _, data in stairs]
    # Bins of 1/40: 0.26 lies in the eleventh, 0.5 in the twenty-first, and 1 in the last.
    assert values[0][[0, 10]] == pytest.approx([200 / 3, 100 / 3])
    assert values[2][[0, 20, 39]] == pytest.approx([25, 25, 50])
    assert [v.sum() for v in values] == pytest.approx([100] * 4)
    assert (values[0] == values[1]).all()
    assert (values[2] == values[3]).all()
    assert line(axes, 0) == ([(0.25, 0), (0.25, 1)], INK, DASHED, "None")
    assert figure.title == "Scores of pairs"
    assert figure.description == (
        "Histograms of scores. Related pairs: median 0.7500; unrelated pairs: median 0."
    )
    outlines = [patch.get_edgecolor() for patch, _ in stairs if not patch.get_fill()]
    assert outlines == [colour(BAD), colour(GOOD)]
    filled = [patch.get_facecolor() for patch, _ in stairs if patch.get_fill()]
    assert filled == [(*colour(name)[:3], 0.4) for name in (BAD, GOOD)]


@pytest.mark.parametrize(("threshold", "lines"), [(0, 1), (1, 1), (-0.1, 0), (1.1, 0), (None, 0)])
def test_the_threshold_is_drawn_within_the_scores(drawn, threshold, lines):
    figures.two_histograms(np.array([1.0]), np.array([0.0]), threshold)
    assert len(drawn[0].lines) == lines


def test_equal_scores_have_room_on_both_sides(drawn):
    figures.two_histograms(np.ones(3), np.ones(2), None)
    assert drawn[0].get_xlim() == (0.5, 1.5)


RELATED = np.array([True, False, True, False])
SCORES = np.array([0.9, 0.1, 0.4, 0.5])


def test_the_roc_and_its_dot(drawn):
    figure = figures.roc(RELATED, SCORES, 0.45)
    [axes] = drawn
    assert labels(axes) == ("false positive rate", "true positive rate")
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.02, 1.02), (-0.02, 1.04))
    assert line(axes, 0) == ([(0, 0), (1, 1)], MUTED, DASHED, "None")
    # By score: related, unrelated, related, unrelated.
    steps = [(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1)]
    assert line(axes, 1) == (steps, ACCENT, SOLID, "None")
    # From 0.45 on one of two related and one of two unrelated pairs are predicted.
    assert line(axes, 2) == ([(0.5, 0.5)], ACCENT, SOLID, "o")
    assert axes.lines[2].get_markeredgecolor() == PAPER
    assert axes.lines[2].get_markersize() == 9
    assert figure.title == "ROC"
    assert figure.note == "The dot: the chosen threshold, 0.4500."
    assert figure.description.startswith("Receiver operating characteristic: true against false")


@pytest.mark.parametrize(
    ("threshold", "dot"), [(0.9, (0, 0.5)), (0.4, (0.5, 1)), (0.95, (0, 0)), (-1, (1, 1))]
)
def test_the_dot_of_the_roc_counts_scores_of_the_threshold_and_above(drawn, threshold, dot):
    figures.roc(RELATED, SCORES, threshold)
    assert line(drawn[0], 2)[0] == [dot]


def test_precision_and_recall_and_their_dot(drawn):
    figure = figures.precision_recall(RELATED, SCORES, 0.4)
    [axes] = drawn
    assert labels(axes) == ("recall", "precision")
    assert line(axes, 0) == ([(0, 0.5), (1, 0.5)], MUTED, DASHED, "None")
    curve = [(1, 0.5), (1, pytest.approx(2 / 3)), (0.5, 0.5), (0.5, 1), (0, 1)]
    assert line(axes, 1) == (curve, ACCENT, SOLID, "None")
    assert line(axes, 2)[0] == [(1, pytest.approx(2 / 3))]
    assert (figure.title, figure.note) == (
        *("Precision and recall", "The dot: the chosen threshold, 0.4000."),
    )
    figures.precision_recall(RELATED, SCORES, 7.0)
    assert line(drawn[1], 2)[0] == [(0, 1)]
    assert figures.precision_recall(RELATED, SCORES, None).note == ""
    assert len(drawn[2].lines) == 2


def test_a_long_curve_has_400_points_with_both_ends(drawn):
    rng = np.random.default_rng(0)
    related = rng.random(5_000) < 0.5
    figures.precision_recall(related, rng.random(5_000), None)
    points = line(drawn[0], 1)[0]
    assert len(points) == 400
    assert points[0] == (1, pytest.approx(related.mean()))
    assert points[-1] == (0, 1)


def test_epochs_count_from_one_and_the_kept_one_is_marked(drawn):
    series = {"val_loss": [3.0, 1.0, 2.0], "loss": [2.0, 1.5], "none": []}
    figure = figures.epochs(series, "Loss", "epochs-0", 2)
    [axes] = drawn
    assert line(axes, 0) == ([(1, 3), (2, 1), (3, 2)], SERIES[0], SOLID, "o")
    assert line(axes, 1) == ([(1, 2), (2, 1.5)], SERIES[1], SOLID, "o")
    assert axes.lines[0].get_markersize() == 3
    assert line(axes, 3) == ([(2, 0), (2, 1)], INK, DASHED, "None")
    assert legend(axes) == ["val loss", "loss", "none"]
    assert labels(axes) == ("epoch", "")
    ticks = axes.xaxis.get_major_locator().tick_values(1, 3)
    assert all(float(tick).is_integer() for tick in ticks)
    assert figure.description == "Loss by epoch; at the end: val loss 2, loss 1.5000."
    assert figure.note == "Dashed: epoch 2, which was kept."
    assert figures.epochs({"a": [1.0]}, "A", "a", None).note == ""
    assert len(drawn[1].lines) == 1


def test_a_scatter_has_the_line_of_equality(drawn):
    figure = figures.scatter(np.array([0.0, 2.0]), np.array([1.0, -1.0]), "Price", "scatter-0")
    [axes] = drawn
    assert line(axes, 0) == ([(-1, -1), (2, 2)], MUTED, DASHED, "None")
    points, colour, _, marker = line(axes, 1)
    assert (points, colour, marker) == ([(0, 1), (2, -1)], ACCENT, "o")
    dots = axes.lines[1]
    assert (dots.get_alpha(), dots.get_markersize()) == (0.45, 4.5)
    assert dots.get_markeredgewidth() == 0
    assert dots.get_linestyle() == "None"
    assert labels(axes) == ("true", "predicted")
    assert size(axes) == (4.2, 3.6)
    assert figure.description == "Price: predicted against true values of 2 pairs."


def test_a_histogram_counts(drawn):
    figure = figures.histogram(np.array([0.0, 0.0, 4.0, 1.0, 0.5]), "Errors", "error", "errors")
    [axes] = drawn
    [stairs] = axes.patches
    data = stairs.get_data()
    assert data.edges == pytest.approx(np.linspace(0, 4, 41))
    assert data.values[[0, 5, 10, 39]].tolist() == [2, 1, 1, 1]
    assert data.values.sum() == 5
    assert (stairs.get_fill(), stairs.get_alpha()) == (True, 0.55)
    assert labels(axes) == ("error", "count")
    assert axes.get_xlim() == (0, 4)
    assert size(axes) == (4.2, 2.9)
    assert figure.description == "Errors: from 0 to 4, median 0.5000."
    assert not figure.full_width


def test_a_map_names_its_groups_at_their_median_the_largest_first(drawn):
    positions = np.array([[0, 0], [2, 2], [4, 1], [9, 9], [5, 5], [6, 6]], float)
    groups = ["b", "b", "b", "a", "", "c"]
    figure = figures.points(positions, groups, "6 entities", "a note", "map-0")
    [axes] = drawn
    assert line(axes, 0)[:2] == ([(5, 5)], MUTED)
    assert line(axes, 1)[:2] == ([(0, 0), (2, 2), (4, 1)], SERIES[0])
    assert line(axes, 2)[:2] == ([(9, 9)], SERIES[1])
    assert line(axes, 3)[:2] == ([(6, 6)], SERIES[2])
    assert {one.get_alpha() for one in axes.lines} == {0.75}
    assert {one.get_linestyle() for one in axes.lines} == {"None"}
    texts = [(text.get_text(), text.get_position(), text.get_gid()) for text in axes.texts]
    assert texts == [("b", (2, 1), "halo-0"), ("a", (9, 9), "halo-1"), ("c", (6, 6), "halo-2")]
    for text in axes.texts:
        assert (text.get_ha(), text.get_va()) == ("center", "center")
        assert (text.get_fontsize(), text.get_fontweight()) == (12, "bold")
    assert not len(axes.get_xticks())
    assert not len(axes.get_yticks())
    assert not any(spine.get_visible() for spine in axes.spines.values())
    assert not any(one.get_visible() for one in axes.get_xgridlines())
    assert size(axes) == (7.2, 5.2)
    assert figure.description == "6 entities: 6 points in 3 groups."
    assert (figure.note, figure.full_width) == ("a note", True)
    plain = figures.points(positions, [""] * 6, "6 entities", "", "map-1")
    assert plain.description == "6 entities: 6 points."


def test_only_24_groups_of_a_map_have_a_name_and_a_colour(drawn):
    groups = [f"{n:02}" for n in range(26)]
    figures.points(np.zeros((26, 2)), groups, "t", "", "map-0")
    [axes] = drawn
    assert [text.get_text() for text in axes.texts] == groups[:24]
    colours = [one.get_color() for one in axes.lines[1:]]
    assert colours == [*(SERIES[n % 10] for n in range(24)), MUTED, MUTED]
    assert palette(12) == (*SERIES, *SERIES[:2])


def test_bars_stand_in_the_order_of_their_counts(drawn):
    counts = {"a": 1200, "a name of many letters": 3}
    figure = figures.bars(counts, "Labels", "labels")
    [axes] = drawn
    bars = [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in axes.patches]
    assert bars == [(pytest.approx(0), 1200), (pytest.approx(1), 3)]
    assert {bar.get_alpha() for bar in axes.patches} == {0.75}
    assert axes.get_xticks().tolist() == [0, 1]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["a", "a name…tters"]
    assert {tick.get_rotation() for tick in axes.get_xticklabels()} == {45}
    assert not any(one.get_visible() for one in axes.get_xgridlines())
    assert any(one.get_visible() for one in axes.get_ygridlines())
    assert axes.spines["bottom"].get_edgecolor() == pytest.approx(colour(GRID))
    assert {bar.get_facecolor()[:3] for bar in axes.patches} == {colour(SERIES[0])[:3]}
    assert figure.description == "Labels: a 1,200, a name of many letters 3"


def colour(text):
    return (*(int(text[n : n + 2], 16) / 255 for n in (1, 3, 5)), 1.0)
