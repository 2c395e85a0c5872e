"""Draw the figures of the page from numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import precision_recall_curve, roc_curve

from components.report.render.page import Figure
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
from components.report.text import Name, number, words

Floats = npt.NDArray[np.float64]
_BINS = 40
_POINTS = 400
"""Points of a curve at most; more are not visible."""
_DOTS: dict[str, Any] = {"markersize": 4.5, "markeredgewidth": 0}
_NAMED = 24
"""Groups of a map with a name at most."""


def two_histograms(
    positives: Floats, negatives: Floats, threshold: float | None, name: str = "scores"
) -> Figure:
    """Draw the score histograms of related and unrelated pairs: finite values [n] and [m]."""
    low, high = _range(np.concatenate([positives, negatives]))
    edges = np.linspace(low, high, _BINS + 1)
    drawing = Drawing()
    with drawing as axes:
        for values, colour, label in (
            (negatives, BAD, f"unrelated ({len(negatives):,})"),
            (positives, GOOD, f"related ({len(positives):,})"),
        ):
            shares = np.histogram(values, edges)[0] / len(values)
            axes.stairs(100 * shares, edges, fill=True, color=colour, alpha=0.4, linewidth=0)
            axes.stairs(100 * shares, edges, color=colour, label=label, linewidth=1.6)
        _threshold(axes, threshold, low, high)
        axes.set_xlim(low, high)
        axes.set_xlabel("score: higher = more related")
        axes.set_ylabel("% of pairs")
        axes.legend(loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.16), handlelength=1.2)
    described = (
        f"Histograms of scores. Related pairs: median {number(float(np.median(positives)))}; "
        f"unrelated pairs: median {number(float(np.median(negatives)))}."
    )
    return Figure("Scores of pairs", drawing.svg(name, described), described)


def _threshold(axes: Axes, threshold: float | None, low: float, high: float) -> None:
    if threshold is not None and low <= threshold <= high:
        axes.axvline(threshold, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))


def _range(values: Floats) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def roc(related: npt.NDArray[np.bool_], scores: Floats, threshold: float | None) -> Figure:
    """Draw the receiver operating characteristic, with the chosen threshold.

    Args:
      related: bool [n].
      scores: finite, float64 [n].
      threshold: decision threshold, if there is one.
    """
    false, true, thresholds = roc_curve(related, scores)
    drawing = Drawing()
    with drawing as axes:
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        _curve(axes, false, true)
        if threshold is not None:
            at = int(np.searchsorted(-thresholds, -threshold, side="right")) - 1
            _dot(axes, false[at], true[at])
        _unit_square(axes, "false positive rate", "true positive rate")
    described = "Receiver operating characteristic: true against false positive rate."
    return Figure("ROC", drawing.svg("roc", described), described, _threshold_note(threshold))


def precision_recall(
    related: npt.NDArray[np.bool_], scores: Floats, threshold: float | None
) -> Figure:
    """Draw precision against recall, with the chosen threshold.

    Args:
      related: bool [n].
      scores: finite, float64 [n].
      threshold: decision threshold, if there is one.
    """
    precision, recall, thresholds = precision_recall_curve(related, scores)
    drawing = Drawing()
    with drawing as axes:
        axes.axhline(related.mean(), color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        _curve(axes, recall, precision)
        if threshold is not None:
            at = min(int(np.searchsorted(thresholds, threshold)), len(precision) - 1)
            _dot(axes, recall[at], precision[at])
        _unit_square(axes, "recall", "precision")
    described = "Precision against recall; the dashed line is the share of related pairs."
    svg, note = drawing.svg("pr", described), _threshold_note(threshold)
    return Figure("Precision and recall", svg, described, note)


def _threshold_note(threshold: float | None) -> str:
    return "" if threshold is None else f"The dot: the chosen threshold, {number(threshold)}."


def _curve(axes: Axes, x: Floats, y: Floats) -> None:
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).astype(int))
    axes.plot(x[kept], y[kept], color=ACCENT)


def _dot(axes: Axes, x: float, y: float) -> None:
    axes.plot([x], [y], "o", color=ACCENT, markeredgecolor=PAPER, markersize=9)


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), xlabel=x, ylabel=y)


def epochs(
    series: Mapping[str, Sequence[float]], title: str, name: str, best: int | None
) -> Figure:
    """Draw one value for each epoch (from 1); `best` is the epoch that was kept."""
    drawing = Drawing()
    with drawing as axes:
        for (label, values), colour in zip(series.items(), palette(len(series)), strict=True):
            count = np.arange(1, len(values) + 1)
            axes.plot(count, values, color=colour, label=words(label), marker="o", markersize=3)
        if best is not None:
            axes.axvline(best, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="best")
    last = ", ".join(f"{words(label)} {number(v[-1])}" for label, v in series.items() if len(v))
    described = f"{title} by epoch; at the end: {last}."
    note = "" if best is None else f"Dashed: epoch {best}, which was kept."
    return Figure(title, drawing.svg(name, described), described, note)


def scatter(true: Floats, predicted: Floats, title: str, name: str) -> Figure:
    """Draw predicted against true values, finite [n] each; the line marks equality."""
    low, high = _range(np.concatenate([true, predicted]))
    drawing = Drawing(height=3.6)
    with drawing as axes:
        axes.plot([low, high], [low, high], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(true, predicted, "o", color=ACCENT, alpha=0.45, **_DOTS)
        axes.set(xlabel="true", ylabel="predicted")
    described = f"{title}: predicted against true values of {len(true):,} pairs."
    return Figure(title, drawing.svg(name, described), described)


def histogram(values: Floats, title: str, x: str, name: str) -> Figure:
    """Draw the histogram of finite values [n]."""
    low, high = _range(values)
    drawing = Drawing()
    with drawing as axes:
        counts, edges = np.histogram(values, np.linspace(low, high, _BINS + 1))
        axes.stairs(counts, edges, fill=True, color=ACCENT, alpha=0.55)
        axes.set(xlabel=x, ylabel="count", xlim=(low, high))
    described = (
        f"{title}: from {number(low)} to {number(high)}, median {number(float(np.median(values)))}."
    )
    return Figure(title, drawing.svg(name, described), described)


def points(positions: Floats, groups: Sequence[str], title: str, note: str, name: str) -> Figure:
    """Draw a map of points; each group has a colour and its name at its median.

    Args:
      positions: float64 [n, 2].
      groups: name of each point's group; "" for none.
      title, note, name: see `Figure` and `Drawing.svg`.
    """
    names = sorted({group for group in groups if group}, key=lambda g: (-groups.count(g), g))
    named, index = names[:_NAMED], np.asarray(groups, dtype=object)
    drawing = Drawing(width=7.2, height=5.2)
    with drawing as axes:
        for group, colour in [("", MUTED), *zip(names, palette(len(names)), strict=True)]:
            members = positions[index == group]
            style: dict[str, Any] = {"color": colour if group in named else MUTED, "alpha": 0.75}
            axes.plot(members[:, 0], members[:, 1], "o", **_DOTS, **style)
        for rank, group in enumerate(named):
            x, y = np.median(positions[index == group], axis=0)
            text = axes.text(x, y, Name.of(group), ha="center", va="center", fontsize=12)
            text.set_fontweight("bold")
            text.set_gid(f"halo-{rank}")
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        for side in axes.spines.values():
            side.set_visible(False)
    described = f"{title}: {len(positions):,} points" + (
        f" in {len(names)} groups." if names else "."
    )
    return Figure(title, drawing.svg(name, described), described, note, full_width=True)


def bars(counts: Mapping[str, int], title: str, name: str) -> Figure:
    """Draw counts by name, at most a few dozen."""
    drawing = Drawing()
    with drawing as axes:
        axes.bar(range(len(counts)), list(counts.values()), color=SERIES[0], alpha=0.75)
        axes.set_xticks(range(len(counts)), [Name.of(c, 12) for c in counts], rotation=45)
        axes.grid(False, axis="x")
        axes.spines["bottom"].set_color(GRID)
    described = f"{title}: " + ", ".join(f"{key} {count:,}" for key, count in counts.items())
    return Figure(title, drawing.svg(name, described), described)
