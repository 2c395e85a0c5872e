"""Convert matplotlib's figures to inline SVG, with the colours and the font of the page.

matplotlib draws the figures because it computes axes, ticks and layout. It has no CSS variables,
so placeholder colours (`INK`, `SERIES`, …) are replaced in the SVG. Text stays text.
"""

import io
import itertools
import re
import warnings
from collections.abc import Sequence

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#010203", "#010204", "#010205", "#010206"
GOOD, BAD, ACCENT = "#010207", "#010208", "#010209"
SERIES = tuple(f"#0102{16 + n:02x}" for n in range(10))
_VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    GRID: "grid",
    PAPER: "paper",
    GOOD: "good",
    BAD: "bad",
    ACCENT: "accent",
    **{colour: f"series-{n}" for n, colour in enumerate(SERIES)},
}
_COLOUR = re.compile("|".join(_VARIABLES))
_STYLE = re.compile(r'(?<= style=")[^"]*(?=")')
_ID = re.compile(r'(\bid="|="#|url\(#)([^")]+)')
_HEAD = re.compile(r"\A.*?(?=<svg)|<metadata>.*?</metadata>|<style[^>]*>.*?</style>", re.DOTALL)
_SIZE = re.compile(r'(<svg[^>]*?) (?:width|height)="[^"]*"')
WIDTH, HEIGHT = 4.2, 2.9
"""Size in inches of 72 units: about a phone's width, so that text keeps its size there."""
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "relata",  # Makes ids reproducible.
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.labelcolor": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.linewidth": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "lines.linewidth": 2.0,
    "text.parse_math": False,  # A `$` in a label is a dollar.
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,  # Years are 2024, 2025, not +2.024e3.
}


class Drawing:
    """Context in which a figure is drawn: `with Drawing() as axes: …`, then `svg(name, label)`."""

    def __init__(self, width: float = WIDTH, height: float = HEIGHT):
        self._context = mpl.rc_context(_SETTINGS)
        self._size = width, height

    def __enter__(self) -> Axes:
        self._context.__enter__()
        self._figure = Figure(figsize=self._size, layout="constrained")
        return self._figure.add_subplot()

    def __exit__(self, *error: object) -> None:
        try:
            if error[0] is None:
                self._text = _print_svg(self._figure)
        finally:
            self._context.__exit__(*error)  # type: ignore[arg-type]

    def svg(self, name: str, label: str) -> Markup:
        """Return the drawing as inline SVG.

        Args:
          name: unique on the page; letters, digits and hyphens.
          label: text for screen readers.
        """
        return inline_svg(self._text, name, label)


def _print_svg(figure: Figure) -> str:
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # matplotlib's font lacks some glyphs, but the page's fonts draw the text.
        warnings.filterwarnings("ignore", message=".*Glyph.*")
        FigureCanvasSVG(figure).print_svg(
            buffer, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return buffer.getvalue()


def inline_svg(text: str, name: str, label: str) -> Markup:
    """Convert an SVG file to an element of the page: no fixed size, CSS variables as colours."""
    text = _HEAD.sub("", text)
    for _ in range(2):
        text = _SIZE.sub(r"\1", text, count=1)
    text = _STYLE.sub(lambda style: _COLOUR.sub(_variable, style.group()), text)
    text = _ID.sub(rf"\g<1>{name}-\g<2>", text)
    title = Markup('role="img" aria-label="{}"').format(label)
    return Markup(text.replace("<svg", f"<svg {title}", 1).strip())


def _variable(colour: re.Match[str]) -> str:
    return f"var(--{_VARIABLES[colour.group()]})"


def palette(count: int) -> Sequence[str]:
    """Return `count` colours; they repeat after ten."""
    return tuple(itertools.islice(itertools.cycle(SERIES), count))
