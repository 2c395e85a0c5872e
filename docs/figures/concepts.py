"""The picture of docs/concepts.md: rows, index, draws and tuple of the worked example."""

from docs.figures.canvas import Canvas
from docs.figures.example import ANCHOR, ROWS, index, negative, positive, range_of

_FILL = {"insect": "#fef3c7", "mammal": "#dbeafe", "fish": "#e0e7ff", "bird": "#fce7f3"}
GREEN, RED = "#15803d", "#b91c1c"
_LEFT, _STEP, _SIZE = 120, 82, (74, 34)


def draw() -> Canvas:
    """Rows in the order of their files, the index, what may be drawn, and the tuple."""
    canvas = Canvas(880, 424)
    entries = index()
    position = {entry.id: number for number, entry in enumerate(entries)}
    chosen = {
        "anchor": ANCHOR,
        "positive": entries[positive(ANCHOR).position].id,
        "negative": entries[negative(ANCHOR).position].id,
    }
    start, end = range_of(ANCHOR)

    canvas.text((10, 35), "rows", bold=True)
    for number, (name, (kind, _)) in enumerate(ROWS.items()):
        canvas.box((_x(number), 18), _SIZE, f"{name}: {kind}", _FILL[kind], pt=9)
        below = (_x(position[name]) + 37, 122)
        canvas.arrow((_x(number) + 37, 54), below, colour="#cbd5e1")

    canvas.text((10, 141), "index", bold=True)
    canvas.text((10, 188), "position", pt=9)
    for number, entry in enumerate(entries):
        canvas.box((_x(number), 124), _SIZE, entry.id, _FILL[entry.kind])
        canvas.text((_x(number) + 37, 188), str(number), align="center", pt=9)
    for kind in dict.fromkeys(entry.kind for entry in entries):
        first, size = range_of(next(e.id for e in entries if e.kind == kind))
        middle = (_x(first) + _x(size - 1) + 74) / 2
        canvas.text((middle, 170), f"group {kind}", align="center", pt=9)

    canvas.text((10, 245), "draw", bold=True)
    canvas.text((10, 262), f"of {ANCHOR}", pt=9)
    for number, entry in enumerate(entries):
        if entry.id == ANCHOR:
            word, edge = "anchor", "#111827"
        elif start <= number < end:
            word, edge = "may be positive", GREEN
        else:
            word, edge = "may be negative", RED
        canvas.box((_x(number), 228), _SIZE, word.replace(" be ", " be\n"), "white", edge, pt=8)

    canvas.text((10, 373), "tuple", bold=True)
    for number, (role, name) in enumerate(chosen.items()):
        at = 200 + 200 * number
        kind, legs = ROWS[name]
        text = f"{role}_id = {name}\n{role}_kind = {kind}\n{role}_legs = {legs}"
        canvas.box((at, 336), (170, 74), text, _FILL[kind])
        colour = {"positive": GREEN, "negative": RED}.get(role, "#111827")
        canvas.arrow((_x(position[name]) + 37, 263), (at + 85, 335), colour)
    return canvas


def _x(number: int) -> float:
    return _LEFT + _STEP * number
