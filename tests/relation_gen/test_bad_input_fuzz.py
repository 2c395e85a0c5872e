"""Random rows, good and bad: every row that is read is used, or skipped for a reason."""

import random

import pytest

from tests.relation_gen.helpers import row
from tests.relation_gen.helpers_cases import make, recipe, schema

KEYS = [b"", b"\xff", b"x", b"y\n", b"1", *(b"id-%d" % n for n in range(14))]


HOSTILE = [float(x) for x in ("nan", "inf", "-inf", "-1", "-0.5", "128", "1e30", "-1e30", "3.4e38")]
HOSTILE += [-0.0, 1e-45, -1e-45, 31.0, 31.5]
NO_NUMBERS = [[], b"1", 3]


class Values:
    """Values of features, most of them good."""

    def __init__(self, split: str) -> None:
        self._draw = random.Random(split)
        self._split = split.encode()

    def bad(self) -> bool:
        return self._draw.random() < 0.06

    def key(self):
        if self.bad():
            return self._draw.choice([[], [b"a", b"b"], 1.5, b"", [1, 2], 7])
        return self._split + self._draw.choice(KEYS)

    def number(self):
        if self.bad() or self.bad():
            return self._draw.choice([*HOSTILE, *NO_NUMBERS])
        return float(self._draw.randrange(4))

    def one(self, values):
        return self._draw.choice([[], b"?", 5, 0.5]) if self.bad() else self._draw.choice(values)

    def tags(self, domain):
        count = self._draw.randrange(1, 3)
        return (
            self._draw.choice([[], [b"?"], 5]) if self.bad() else self._draw.sample(domain, count)
        )


def rows_of(make_row, count: int) -> dict[str, list[bytes]]:
    found = {}
    for split in ("train", "eval"):
        values = Values(split)
        rows = [row(**make_row(values)) for _ in range(count)]
        found[split] = rows + rows[:3] + [b""]
    return found


def item(v: Values):
    return {"id": v.key(), "label": v.one([0, 1, 2]), "x": v.number(), "grp": v.one([b"a", b"b"])}


def edge(v: Values):
    return {"a": v.key(), "b": v.key(), "v": v.number(), "c": v.one([b"p", b"q"])}


def tagged(v: Values):
    return {"id": v.key(), "tags": v.tags([b"p", b"q", b"r"]), "sure": v.number()}


def pair(v: Values):
    return {"l_id": v.key(), "l_x": v.number(), "r_x": v.number(), "y": v.one([0, 1])}


ITEM = schema(id=bytes, label=int, x=float, grp=bytes)
LINK = schema(a=bytes, b=bytes, v=float, c=["p", "q"])
ENDS = "left: {entity: item, id: a}, right: {entity: item, id: b}"
CASES = {
    "same_label": (
        "{type: pairs, source: {type: same_label, feature: label}, sampling: {weight: x}}",
        {"item": ITEM},
        {},
    ),
    "lists": (
        "{type: lists, source: {type: graded_group, group: grp, grade: x}}",
        {"item": ITEM},
        {},
    ),
    "edges": (
        "{type: pairs, source: {type: edges, edges: link, label: scalar, symmetric: true}}",
        {"item": ITEM},
        {"link": (LINK, f"{{{ENDS}, value: v, weight: v}}")},
    ),
    "classes": (
        "{type: pairs, source: {type: edges, edges: link, label: class}}",
        {"item": ITEM},
        {"link": (LINK, f"{{{ENDS}, value: c}}")},
    ),
    "tags": (
        "{type: tags, source: {type: labels, feature: tags, confidence: sure}}",
        {"tagged": schema(id=bytes, tags=(["p", "q", "r"], 3), sure=(float, 3))},
        {},
    ),
    "rows": (
        "{type: rows, source: {type: row, rows: pair}, roles: {l: left, r: right}, label: y}",
        {"left": schema(id=bytes, x=float), "right": schema(id=bytes, x=float)},
        {"pair": (schema(l_id=bytes, l_x=float, r_x=float, y=int), "")},
    ),
}
MAKERS = {"item": item, "link": edge, "tagged": tagged, "pair": pair}


@pytest.mark.parametrize("name", CASES)
def test_rows_read_are_used_or_skipped(tmp_path, name):
    relation, entities, edges = CASES[name]
    inline = name == "rows"
    shared = "split: {shared: [right]}, " if inline else ""
    loaded = recipe(
        tmp_path,
        relation,
        entities,
        edges,
        f"{{{shared}bad_rows: skip}}",
        [] if inline else None,
    )
    tables = [*([] if inline else entities), *edges]
    inputs = {table: rows_of(MAKERS[table], 120) for table in tables}
    made = make(loaded, inputs, tmp_path, files=3)
    for table, splits in inputs.items():
        counts = made.stats["inputs"][table]
        read = sum(map(len, splits.values()))
        assert counts["rows_read"] == read
        skipped = sum(counts["skipped"].values())
        assert counts["rows_skipped"] == skipped
        assert read + counts.get("rows_mirrored", 0) == counts["rows_used"] + skipped
        assert len(counts["skipped"]) >= 4
        assert counts["rows_used"] > 0
    for split in ("train", "eval"):
        made.tuples(split)
