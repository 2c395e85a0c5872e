"""Draws docs/relation_gen_growth.svg from bench/out: `python -m bench.relation_gen_plot`.

Left: seconds against rows, right: memory against rows, both axes logarithmic.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.relation_gen_growth import PLAIN, SIZES
from bench.results import OUT
from relation.load import PROJECT

SVG = PROJECT / "docs" / "relation_gen_growth.svg"
WIDTH, HEIGHT, LEFT, TOP, GAP = 330, 240, 70, 40, 110
OURS, THEIRS = "RelationGen", "plain Beam"
COLOURS = {OURS: "#1f77b4", THEIRS: "#d95f02"}

Points = Sequence[tuple[float, float]]


def main(folder: Path = OUT, svg: Path = SVG, sizes: Sequence[int] = SIZES) -> None:
    charts = [
        _chart(number, title, _lines(folder, name, sizes))
        for number, (title, name) in enumerate(
            [("seconds", "growth"), ("most memory held, MiB", "memory")]
        )
    ]
    width = 2 * (LEFT + WIDTH) + GAP - LEFT + 40
    svg.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{TOP + HEIGHT + 60}" '
        'font-family="sans-serif" font-size="12">\n'
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(charts) + "\n</svg>\n",
        encoding="utf-8",
    )


def _lines(folder: Path, name: str, sizes: Sequence[int]) -> dict[str, Points]:
    lines: dict[str, list[tuple[float, float]]] = {OURS: [], THEIRS: []}
    for rows in sizes:
        path = folder / f"relation_gen_{name}_{rows}.json"
        result = json.loads(path.read_text(encoding="utf-8"))
        lines[OURS].append((rows, result["ours"]))
        if rows <= PLAIN:
            lines[THEIRS].append((rows, result["peers"][THEIRS]))
    return {line: points for line, points in lines.items() if points}


def _chart(number: int, title: str, lines: Mapping[str, Points]) -> str:
    begin = LEFT + number * (WIDTH + GAP)
    every = [point for points in lines.values() for point in points]
    low, high = (
        [math.log10(bound(point[axis] for point in every)) for axis in (0, 1)]
        for bound in (min, max)
    )
    low[1], high[1] = math.floor(low[1]), math.ceil(high[1])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low[0]) / max(high[0] - low[0], 1e-9)
        up = (math.log10(y) - low[1]) / (high[1] - low[1])
        return begin + across * WIDTH, TOP + (1 - up) * HEIGHT

    parts = [f'<text x="{begin}" y="{TOP - 16}" font-size="14">{title}</text>']
    for power in range(low[1], high[1] + 1):
        y = place(10 ** low[0], 10**power)[1]
        parts.append(_line(begin, y, begin + WIDTH, y, "#ddd"))
        parts.append(
            f'<text x="{begin - 6}" y="{y + 4:.1f}" text-anchor="end">{10**power:,}</text>'
        )
    for x in sorted({point[0] for point in every}):
        at = place(x, 10 ** low[1])[0]
        parts.append(_line(at, TOP, at, TOP + HEIGHT, "#ddd"))
        label = f'<text x="{at:.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{x:,} rows</text>'
        parts.append(label)
    for row, (name, points) in enumerate(lines.items()):
        path = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in points)
        colour = COLOURS[name]
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in points:
            across, down = place(x, y)
            parts.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3.5" fill="{colour}"/>')
            text = f"{y:.0f}" if y >= 10 else f"{y:.1f}"
            parts.append(
                f'<text x="{across:.1f}" y="{down - 8:.1f}" text-anchor="middle" '
                f'fill="{colour}">{text}</text>'
            )
        across = begin + 100 * row
        down = TOP + HEIGHT + 44
        parts.append(_line(across, down - 4, across + 16, down - 4, colour))
        parts.append(f'<text x="{across + 20}" y="{down}">{name}</text>')
    return "\n".join(parts)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


if __name__ == "__main__":
    main()
