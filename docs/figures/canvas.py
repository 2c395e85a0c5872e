"""Boxes, arrows and text on a white canvas, as SVG by matplotlib."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

DARK, GREY = "#1f2937", "#6b7280"
Point = tuple[float, float]


class Canvas:
    """A canvas in units of pixels, its origin at the upper left."""

    def __init__(self, width: int, height: int) -> None:
        self._figure = Figure(figsize=(width / 72, height / 72))
        self._axes: Axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set(xlim=(0, width), ylim=(height, 0))
        self._axes.axis("off")

    def box(
        self, at: Point, size: Point, text: str, fill: str, edge: str = GREY, pt: float = 10
    ) -> None:
        """A box with text in it; `at` is its upper left corner."""
        shape = FancyBboxPatch(
            at,
            *size,
            boxstyle="round,pad=0,rounding_size=5",
            facecolor=fill,
            edgecolor=edge,
            linewidth=1,
        )
        self._axes.add_patch(shape)
        self.text((at[0] + size[0] / 2, at[1] + size[1] / 2), text, pt=pt, align="center")

    def text(
        self,
        at: Point,
        text: str,
        *,
        pt: float = 10,
        align: str = "left",
        colour: str = DARK,
        bold: bool = False,
    ) -> None:
        """Text, at its middle height."""
        weight = "bold" if bold else "normal"
        style = {"fontsize": pt, "ha": align, "va": "center", "color": colour, "weight": weight}
        self._axes.text(*at, text, **style)

    def arrow(self, start: Point, end: Point, colour: str = GREY, bend: float = 0.0) -> None:
        """An arrow; `bend` curves it."""
        arrow = {
            "arrowstyle": "-|>",
            "color": colour,
            "connectionstyle": f"arc3,rad={bend}",
            "linewidth": 1.2,
        }
        self._axes.annotate(
            "", xy=end, xytext=start, arrowprops={**arrow, "shrinkA": 0, "shrinkB": 0}
        )

    def save(self, path: Path) -> None:
        """Writes the canvas; the same drawing makes the same bytes."""
        with mpl.rc_context(
            {"svg.hashsalt": "relata", "svg.fonttype": "none", "font.family": "sans-serif"}
        ):
            self._figure.savefig(
                path, format="svg", facecolor="white", metadata={"Date": None, "Creator": None}
            )
