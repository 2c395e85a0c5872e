"""`row`, and `function`: tuples against the rows."""

import numpy as np
import pytest

from components.relation_gen.stats.summary import summary
from relation.core.errors import DataError
from tests.relation_gen.helpers import as_dict, row
from tests.relation_gen.helpers_cases import check_entities, close, grouped, make, recipe, schema

PAIR = {
    "left_id": bytes,
    "left_x": (float, 2),
    "right_name": bytes,
    "right_y": float,
    "extra": int,
}
LEFT, RIGHT = schema(id=bytes, x=(float, 2)), schema(id=int, name=bytes, y=float)


def pair(n: int, other: int, **more) -> bytes:
    """Left has an id, right none: what it is called and its y tell it apart."""
    values = {
        "left_id": b"left-%d" % n,
        "left_x": [n / 3.0, 1.0],
        "right_name": b"r%d" % other,
        "right_y": other / 7.0,
        "extra": n,
    }
    return row(**values, **more)


def rows_recipe(folder, label, columns, data=""):
    return recipe(
        folder,
        f"{{type: rows, source: {{type: row, rows: pair}}, roles: {{left: l, right: r}}{label}}}",
        {"l": LEFT, "r": RIGHT},
        {"pair": (schema(**PAIR, **columns), "")},
        data,
        read=[],
    )


@pytest.mark.parametrize(
    ("kind", "column", "values"),
    [
        ("binary", int, [0, 1]),
        ("scalar", float, [0.25, -3.5]),
        ("vector", (float, 2), [[0.5, 1.5], [2.0, -1.0]]),
        ("class", ["no", "yes"], [b"no", b"yes"]),
    ],
)
def test_rows_become_tuples_each_once(tmp_path, kind, column, values):
    loaded = rows_recipe(tmp_path, f", label: y, label_kind: {kind}", {"y": column})
    rows = [pair(n, n % 4, y=values[n % 2]) for n in range(12)]
    rows += [rows[0], rows[0], pair(5, 1, y=values[0])]  # Twice again; and against rows[5].
    held = [pair(100 + n, 50 + n, y=values[n % 2]) for n in range(5)]
    made = make(loaded, {"pair": {"train": rows, "eval": held}}, tmp_path)
    skipped = {"duplicate_row": 2, "conflicting_row": 1}
    assert made.of()["skipped"] == dict(sorted(skipped.items()))
    assert made.of()["rows_used"] == 12
    for split, given in (("train", rows[:12]), ("eval", held)):
        actual = made.tuples(split)
        wanted = {as_dict(one)["left_id"]: one for one in given}
        assert len(actual) == len(wanted)
        for one in actual:
            mine = as_dict(wanted[one["left_id"]])
            label = mine.pop("y")
            if kind == "class":
                label = float([b"no", b"yes"].index(label))
            if one["left_id"] == b"left-5":  # The smaller of two contradictory labels.
                label = min(label, one["relation"])
            assert close(one.pop("relation"), label)
            del mine["extra"]
            assert isinstance(one.pop("right_id"), int)
            assert one == mine


def test_ids_are_derived_of_what_a_member_holds(tmp_path):
    loaded = rows_recipe(tmp_path, "", {})
    rows = [pair(n, n % 3) for n in range(9)]
    made = make(loaded, {"pair": {"train": rows, "eval": [pair(20, 8)]}}, tmp_path)
    actual = made.tuples()
    assert len({one["right_id"] for one in actual}) == 3
    for mine in grouped(actual, "right_id").values():
        assert len({one["right_name"] for one in mine}) == 1
        assert len(mine) == 3
    assert not any("relation" in one for one in actual)
    check_entities(made)
    assert made.stats["entities"] == {"train": 9 + 3}


@pytest.mark.parametrize("split", ["", "split: {shared: [l]}"], ids=["own", "shared"])
def test_members_of_one_id_that_differ_are_noted(tmp_path, split):
    """The first row's member left-1 stands for that of the second, too."""
    loaded = rows_recipe(tmp_path, "", {}, split)
    twice = row(left_id=b"left-1", left_x=[9.0, 9.0], right_name=b"r7", right_y=1.0, extra=0)
    inputs = {"pair": {"train": [pair(1, 1), twice, pair(2, 2)], "eval": [pair(20, 8)]}}
    made = make(loaded, inputs, tmp_path)
    xs = {tuple(one["left_x"]) for one in made.tuples() if one["left_id"] == b"left-1"}
    assert len(xs) == 1
    assert made.stats["inputs"]["l"]["noted"] == {"conflicting_id": 1}
    assert "l: 1 noted (conflicting_id 1)" in summary(made.stats)


def test_a_member_without_an_id_that_is_in_two_splits_is_a_leak(tmp_path):
    loaded = rows_recipe(tmp_path, "", {})
    inputs = {"pair": {"train": [pair(1, 1), pair(2, 2)], "eval": [pair(3, 2)]}}
    with pytest.raises(DataError, match="entity type 'r': 1 ids are in several splits"):
        make(loaded, inputs, tmp_path / "1")
    shared = rows_recipe(tmp_path / "2", "", {}, "split: {shared: [r]}")
    made = make(shared, inputs, tmp_path / "2")
    assert made.of("eval")["tuples"] == 1


def test_rows_of_three_roles(tmp_path):
    loaded = recipe(
        tmp_path,
        "{type: rows, source: {type: row, rows: line}, roles: {a: p, b: p, c: p}}",
        {"p": schema(id=bytes, x=float)},
        {
            "line": (
                schema(**{f"{r}_{f}": t for r in "abc" for f, t in (("id", bytes), ("x", float))}),
                "",
            )
        },
        read=[],
    )
    rows = [
        row(
            **{
                f"{r}_id": b"%s-%d" % (r.encode(), n % k)
                for r, k in zip("abc", (9, 3, 2), strict=True)
            },
            **{f"{r}_x": float(n % k) for r, k in zip("abc", (9, 3, 2), strict=True)},
        )
        for n in range(9)
    ]
    held = [row(a_id=b"A", a_x=0.5, b_id=b"B", b_x=0.25, c_id=b"C", c_x=0.125)]
    made = make(loaded, {"line": {"train": rows, "eval": held}}, tmp_path)
    assert sorted(map(sorted_items, made.tuples())) == sorted(
        sorted_items(as_dict(r)) for r in rows
    )
    assert made.tuples("eval") == [as_dict(held[0])]
    assert made.stats["entities"] == {"train": 9 + 3 + 2}


def sorted_items(one):
    return sorted(one.items())


def difference(left, right):
    """float32 [n]: of decoded features, which have their types and are padded."""
    assert left["x"].shape[1] == 3
    assert left["x"].dtype == np.float32
    assert left["name"].dtype == object
    assert left["n"].dtype == np.int64
    gap = np.nan_to_num(left["x"]) - np.nan_to_num(right["x"])
    return np.abs(gap).sum(axis=1) + (left["name"][:, 0] == right["name"][:, 0]) + left["n"][:, 0]


def both(left, right):
    return np.concatenate([left["x"][:, :1], right["x"][:, :1]], axis=1)


THINGS = schema(id=bytes, name=bytes, n=int, x=(float, 3), grp=bytes)


def things(split: str, count: int) -> list[bytes]:
    """The first group of three, the second of one, the third of the rest."""
    return [
        row(
            id=f"{split}-{n}".encode(),
            name=b"n%d" % (n % 2),
            n=n,
            x=[n / 2.0, 1.0, 2.0][: 3 if n == 0 else 1 + n % 3],
            grp=b"a" if n < 3 else b"b" if n == 3 else b"c",
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("group", [None, "grp"])
def test_a_function_labels_pairs_of_decoded_features(tmp_path, group):
    sampling = "pairs_per_anchor: 4" + (f", group: {group}" if group else "")
    name = "both" if group else "difference"
    loaded = recipe(
        tmp_path,
        f"{{type: scored_pairs, source: {{type: function, width: {2 if group else 1}, "
        f"function: {__name__}.{name}}}, sampling: {{{sampling}}}}}",
        {"item": THINGS},
    )
    inputs = {"item": {"train": things("train", 30), "eval": things("eval", 12)}}
    made = make(loaded, inputs, tmp_path)
    for split in ("train", "eval"):
        rows = {one["id"]: one for one in map(as_dict, inputs["item"][split])}
        actual, short = grouped(made.tuples(split), "left_id"), {}
        for anchor, mine in rows.items():
            others = {k for k in rows if k != anchor}
            if group:
                others = {k for k in others if rows[k]["grp"] == mine["grp"]}
            pairs = actual.get(anchor, [])
            assert len({one["right_id"] for one in pairs}) == len(pairs) == min(4, len(others))
            assert {one["right_id"] for one in pairs} <= others
            for one in pairs:
                assert close(one["relation"], expected(mine, rows[one["right_id"]], name))
            lacking = "too_few_others" if others else "no_other"
            if len(pairs) < 4:
                short[lacking] = short.get(lacking, 0) + 4 - len(pairs)
        assert made.of(split)["shortfall"] == short
    check_entities(made)


def expected(left, right, name):
    x, y = (np.float32(np.atleast_1d(one["x"])) for one in (left, right))
    if name == "both":
        return [x[0], y[0]]
    padded = [np.pad(v, (0, 3 - len(v))) for v in (x, y)]
    return np.abs(padded[0] - padded[1]).sum() + (left["name"] == right["name"]) + left["n"]
